import { join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import { runChecks } from "./checks/run-checks.ts";
import { runMocha } from "./test-run/run-mocha.ts";
import { summaryOf } from "./test-run/summary.ts";

const root = join(import.meta.dirname, "..");

try {
  const failedChecks = await runChecks(root);
  const counts = await runMocha(root, process.argv.slice(2));
  if (failedChecks.length > 0) process.stdout.write(`Failed checks: ${failedChecks.join(", ")}\n`);
  // A failed check is a failure as much as a failed test.
  const total = { ...counts, failed: counts.failed + failedChecks.length };
  process.stdout.write(`${summaryOf(total)}\n`);
  process.exitCode = total.failed === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

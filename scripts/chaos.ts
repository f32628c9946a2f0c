import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import { describeResult, rawResult } from "./chaos/describe-result.ts";
import { type ChaosArguments, HELP, parseArguments } from "./chaos/parse-arguments.ts";
import { runChaos } from "./chaos/run-chaos.ts";

const EXIT_BROKEN = 1;
const EXIT_NOT_RUN = 2;
const SETTLE_MS = 10 * 60_000;

process.exitCode = await chaos(process.argv.slice(2));

async function chaos(parameters: readonly string[]): Promise<number> {
  try {
    const wish = parseArguments(parameters);
    if (wish === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    return await breakAndCheck(wish);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT_NOT_RUN;
  }
}

async function breakAndCheck({ sessions, seed, faults, minutes, jsonFile, isKept }: ChaosArguments): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), "peerbot-chaos-"));
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  try {
    const result = await runChaos({
      sessions,
      seed,
      faults,
      dataDir,
      settleMs: SETTLE_MS,
      signal: stopping.signal,
      report: (message) => process.stderr.write(`${message}\n`),
      ...(minutes === undefined ? {} : { faultsForMs: minutes * 60_000 }),
    });
    if (jsonFile !== undefined) await writeFile(jsonFile, rawResult(result));
    process.stdout.write(`${describeResult(result)}\n`);
    return result.violations.length === 0 ? 0 : EXIT_BROKEN;
  } finally {
    if (isKept) process.stderr.write(`Logs and data are in ${dataDir}.\n`);
    else await rm(dataDir, { recursive: true, force: true });
  }
}

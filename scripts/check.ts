import { join } from "node:path";
import { runChecks } from "./checks/run-checks.ts";

const failed = await runChecks(join(import.meta.dirname, ".."));
process.exitCode = failed.length === 0 ? 0 : 1;

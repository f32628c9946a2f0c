import { AppError, ConfigError, enableFaultPoints, loadConfig, messageOf } from "@peerbot/runtime/core";
import { loadAll, startWorker } from "./compose.ts";
import { WorkerConfig } from "./config.ts";

const LEAVE_MS = 5_000;
const EXIT_CRASHED = 1;
const EXIT_BAD_CONFIG = 78; // EX_CONFIG of sysexits.h

const terminated = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => terminated.abort());

try {
  if (process.argv[2] === "--load") await loadAll();
  else process.exitCode = await work();
} catch (error) {
  // An expected failure says what it is; anything else is a bug and shows where.
  const words = error instanceof Error && !(error instanceof AppError) ? error.stack : messageOf(error);
  process.stderr.write(`${words}\n`);
  process.exitCode = error instanceof ConfigError ? EXIT_BAD_CONFIG : EXIT_CRASHED;
} finally {
  // Whatever holds the process open now is nothing that anybody waits for.
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}

async function work(): Promise<number> {
  const config = loadConfig(WorkerConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  // Nothing started from here may inherit it.
  delete process.env.START_TOKEN;
  delete process.env.STANDBY_TOKEN;
  return startWorker(config, { terminated: terminated.signal });
}

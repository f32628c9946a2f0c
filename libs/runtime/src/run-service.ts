import { messageOf } from "./app-error.ts";
import { ConfigError } from "./config.ts";

/** Something that runs until disposed. `failed` rejects if it breaks by itself. */
export interface RunningService extends AsyncDisposable {
  readonly failed?: Promise<never>;
}

export interface RunServiceOptions {
  /** How long disposing may take after SIGTERM or SIGINT, in milliseconds. */
  graceMs?: number;
}

const EXIT_BAD_CONFIG = 78; // EX_CONFIG of sysexits.h
const EXIT_STUCK = 3;

/**
 * The life of a process: start, run until SIGTERM, SIGINT or failure, dispose, leave. Exit codes: 0 stopped on
 * request, 1 failed, 3 did not stop within the grace time, 78 unusable settings.
 */
export async function runService(
  start: () => Promise<RunningService>,
  { graceMs = 25_000 }: RunServiceOptions = {},
): Promise<void> {
  const stopRequested = new Promise<void>((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : messageOf(error)}\n`,
    );
    process.exit(error instanceof ConfigError ? EXIT_BAD_CONFIG : 1);
  }
  const broke = await Promise.race([stopRequested.then(() => undefined), failure(service)]);
  if (broke !== undefined) process.stderr.write(`${broke instanceof Error ? broke.stack : messageOf(broke)}\n`);
  process.exitCode = broke === undefined ? 0 : 1;
  setTimeout(() => process.exit(EXIT_STUCK), graceMs).unref();
  await service[Symbol.asyncDispose]();
}

async function failure(service: RunningService): Promise<unknown> {
  if (service.failed === undefined) return new Promise(() => {});
  try {
    return await service.failed;
  } catch (error) {
    return error;
  }
}

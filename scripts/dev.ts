import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, messageOf } from "@peerbot/runtime";
import { RedisUnavailableError } from "@peerbot/testing/redis-server";
import { describeStack } from "./stack/describe-stack.ts";
import { DEFAULT_PORTS, startStack } from "./stack/index.ts";
import { listenForCommands } from "./stack/listen-for-commands.ts";
import { formatLogLine } from "./stack/log-line.ts";
import { readOperatorSettings } from "./stack/operator-settings.ts";
import { findRunningStack, removeStackFile, writeStackFile } from "./stack/stack-file.ts";

const root = join(import.meta.dirname, "..");
const dataDir = join(root, ".cache/dev");
const isColored = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

process.exitCode = await runStack();

/** Runs everything until Ctrl-C, SIGTERM or a failure. */
async function runStack(): Promise<number> {
  const stopRequested = listenForStop();
  const other = await findRunningStack(dataDir);
  if (other !== undefined) {
    say(`It runs already (process ${other.pid})${other.sandboxUrl ? `; the page is at ${other.sandboxUrl}` : ""}.`);
    return 1;
  }
  await mkdir(dataDir, { recursive: true });
  await writeStackFile(dataDir, { pid: process.pid });
  try {
    say("Starting Peerbot …");
    const settings = await readOperatorSettings(join(root, ".env"), process.env);
    await using stack = await startStack({
      dataDir,
      // One waits, so that the first impression is a quick one.
      settings: { WARM_WORKERS: "1", ...settings },
      ports: DEFAULT_PORTS,
      restartsCrashed: true,
      onLine: (service, line) => process.stdout.write(`${formatLogLine(line, { service, isColored })}\n`),
      report: say,
    });
    const { sandboxUrl } = stack.plan;
    await writeStackFile(dataDir, { pid: process.pid, ...(sandboxUrl === undefined ? {} : { sandboxUrl }) });
    process.stdout.write(`\n${describeStack(stack.plan)}\n\n`);
    using _commands = listenForCommands(process.stdin, { stack, say });
    await Promise.race([stopRequested, stack.failed]);
    say("Stopping …");
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return 1;
  } finally {
    await removeStackFile(dataDir);
  }
  say("Stopped; nothing is left running.");
  return 0;
}

/** Ctrl-C twice within a moment is one request: npm passes the signal on a second time. A later one insists. */
function listenForStop(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let requestedAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      // The process register ends what still runs as soon as this process is gone.
      if (requestedAt !== 0 && now - requestedAt > 1_000) process.exit(130);
      if (requestedAt === 0) requestedAt = now;
      resolve();
    });
  }
  return promise;
}

function describeFailure(error: unknown): string {
  if (error instanceof RedisUnavailableError || error instanceof ConfigError) return error.message;
  return `Peerbot could not run: ${messageOf(error)}`;
}

function say(message: string): void {
  process.stdout.write(`${message}\n`);
}

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { RedisPlace, RedisProgram } from "./redis-program.ts";

export interface SuperviseOptions extends RedisPlace {
  program: RedisProgram;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;

/*
 * The shell between us and the server holds the reading end of a pipe. When this process goes, be it by SIGKILL, the
 * pipe closes and the server is told to stop. It leaves as soon as the server does.
 */
const SUPERVISOR = 'exec 3<&0; "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill -TERM $server) & wait $server';

/**
 * Starts a server and waits until it takes commands.
 * @throws with the end of the server's log when it does not within 15 s.
 */
export async function superviseRedis(options: SuperviseOptions): Promise<AsyncDisposable & { failed: Promise<never> }> {
  const logFile = join(options.dataDir, "redis.log");
  const child = spawnSupervisor(options, logFile);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let isStopping = false;
  let hasEnded = false;
  const failed = ended.then(async () => {
    hasEnded = true;
    if (isStopping) return new Promise<never>(() => {});
    throw new Error(`Redis ended by itself:\n${await endOf(logFile)}`);
  });
  failed.catch(() => {}); // Whoever cares awaits `failed`; nobody else is to meet an unhandled rejection.

  const stop = async () => {
    isStopping = true;
    child.ref();
    child.stdin?.end();
    const timer = setTimeout(() => killGroup(child), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };
  try {
    await Promise.race([untilAnswering(options.port, () => hasEnded), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  // A test process may end while its Redis runs: the closing pipe ends the server.
  child.unref();
  (child.stdin as Socket | null)?.unref();
  return { failed, [Symbol.asyncDispose]: stop };
}

function spawnSupervisor({ program, ...place }: SuperviseOptions, logFile: string): ChildProcess {
  const log = openSync(logFile, "w");
  try {
    return spawn("/bin/sh", ["-c", SUPERVISOR, "redis", program.path, ...program.argumentsFor(place)], {
      cwd: place.dataDir,
      env: { PATH: process.env.PATH, ...program.environment },
      stdio: ["pipe", log, log],
      // Its own group: Ctrl-C in the terminal must not take Redis away from services that are still stopping.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

async function untilAnswering(port: number, isHopeless: () => boolean): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && !isHopeless()) {
    if ((await ping(port)).startsWith("+PONG")) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`Redis did not answer on port ${port} within ${START_TIMEOUT_MS / 1000} s`);
}

/** What a server says to PING (`-LOADING` while it reads its data), or nothing when there is none. */
function ping(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const answer = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(1_000, () => answer(""));
    socket.once("data", (data) => answer(data.toString()));
    socket.once("error", () => answer(""));
    socket.once("close", () => answer(""));
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function endOf(logFile: string): Promise<string> {
  return (await readFile(logFile, "utf8").catch(() => "")).split("\n").slice(-15).join("\n");
}

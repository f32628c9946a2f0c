import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Logger, messageOf } from "@peerbot/runtime";
import { type RunEnd, RunnerFailure, type SessionRunner, tokenOf, type WorkerSpec } from "../session-runner.ts";
import { withoutTokens } from "../without-tokens.ts";
import { compileAhead } from "./compile-ahead.ts";
import { endProcessGroup } from "./end-process-group.ts";
import { askToLeave, isRunning, killRun } from "./end-run.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { describeRunEnd } from "./run-end.ts";
import { openRunFolder, type RunFolder } from "./run-folder.ts";

export interface ProcessRunnerOptions {
  /** Holds one folder per run. It belongs to one installation alone: runs nobody there knows of are removed. */
  directory: string;
  /** The worker's program and arguments. */
  command: readonly [string, ...string[]];
  /** Stands for the version of that program. */
  version?: string;
  /** Where workers find programs such as git: their PATH. */
  searchPath: string;
  logger: Pick<Logger, "warn">;
  /** Whether the program's code is compiled ahead: it must leave at once when it is given the argument `--load`. */
  compilesAhead?: boolean;
  /** Further variables of every worker. */
  workEnvironment?: Readonly<Record<string, string>>;
  /** For breaking tests only: the workers' FAULT_POINTS_DIR. */
  faultPointsDir?: string | undefined;
  /** How long a worker may still take after its deadline, in seconds. */
  deadlineGraceSeconds?: number;
}

const SUPERVISE = fileURLToPath(new URL("./supervise.sh", import.meta.url));
const RUN_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Looking is one read of /proc on Linux and a `ps` elsewhere. */
const LOOK_MS = process.platform === "linux" ? 150 : 1_000;
const START_MS = 10_000;
const LOGGED_LINES = 20;

/**
 * Runs each worker as a process of this machine, in a process group and a folder of its own. The workers live on when
 * the launcher leaves or dies: everything there is to know of a run is in its folder. The workers are the launcher's
 * own user, so this keeps nothing from a prompt that goes looking: it is for a machine of one's own.
 */
export function createProcessRunner(options: ProcessRunnerOptions): SessionRunner {
  const { command, searchPath, logger, workEnvironment = {}, faultPointsDir, deadlineGraceSeconds = 15 } = options;
  const directory = resolve(options.directory);
  const fit = JSON.stringify([command, options.version, searchPath, workEnvironment, faultPointsDir]);
  const disposed = new AbortController();
  const compiled =
    options.compilesAhead === true ? compileAhead({ command, directory, searchPath, logger }) : undefined;
  const folderOf = (name: string): RunFolder => {
    if (!RUN_NAME.test(name)) throw new Error(`${JSON.stringify(name)} is not the name of a run`);
    return openRunFolder(join(directory, name));
  };

  async function start(worker: WorkerSpec): Promise<"started" | "already-exists"> {
    const folder = folderOf(worker.name);
    if ((await folder.leader()) !== undefined) return "already-exists";
    await folder.create({ v: 1, deadlineAt: worker.deadlineAt, oomKills: await countOomKills() });
    const spawned = await spawnLeader(folder, {
      ...environmentOf(worker, folder, { searchPath, workEnvironment, faultPointsDir }),
      ...(compiled?.folder === undefined ? {} : { NODE_COMPILE_CACHE: compiled.folder }),
    });
    const leader = await untilLed(folder, spawned);
    return leader.pid === spawned.pid ? "started" : "already-exists";
  }

  async function spawnLeader(folder: RunFolder, env: Record<string, string>): Promise<ChildProcess> {
    const output = await folder.openOutput();
    try {
      const leader = spawn("/bin/sh", [SUPERVISE, "lead", folder.path, ...command], {
        cwd: folder.workspace,
        env,
        detached: true,
        stdio: ["ignore", output.fd, output.fd],
      });
      await new Promise<void>((done, failed) => leader.once("spawn", done).once("error", failed));
      leader.unref();
      return leader;
    } catch (error) {
      throw new RunnerFailure(`no process could be started: ${messageOf(error)}`, {
        reason: "could-not-start",
        cause: error,
      });
    } finally {
      await output.close();
    }
  }

  async function ended(name: string, signal: AbortSignal): Promise<RunEnd> {
    const folder = folderOf(name);
    const leaving = AbortSignal.any([signal, disposed.signal]);
    let notes = await folder.notes();
    if (notes === undefined) return { reason: "deleted", detail: "nothing is known of this run" };
    while (await isRunning(folder)) {
      leaving.throwIfAborted();
      // A worker that was started ahead may have got a run, and with it another deadline.
      notes = (await folder.notes()) ?? notes;
      if (Date.now() >= notes.deadlineAt + deadlineGraceSeconds * 1_000) await killRun(folder);
      else if (Date.now() >= notes.deadlineAt) await askToLeave(folder, "deadline");
      await pause(LOOK_MS, undefined, { signal: leaving });
    }
    await endProcessGroup(await folder.leader(), folder.path);
    const oomKills = await countOomKills();
    const end = describeRunEnd({
      status: await folder.status(),
      ending: await folder.ending(),
      lastOutput: await folder.lastOutput(LOGGED_LINES),
      isMemoryShort: oomKills !== null && notes.oomKills !== null && oomKills > notes.oomKills,
    });
    if (end.reason !== "completed") await logOutput(name, folder, end);
    return end;
  }

  async function logOutput(name: string, folder: RunFolder, end: RunEnd): Promise<void> {
    const lines = (await folder.lastOutput(LOGGED_LINES)).map(withoutTokens);
    logger.warn({ run: name, ...end, lines }, "worker-output");
  }

  return {
    fit,
    start,
    ended,

    async assign(name, { deadlineAt }) {
      const folder = folderOf(name);
      if ((await folder.notes()) === undefined) return;
      await folder.assign({ v: 1, deadlineAt, oomKills: await countOomKills() });
    },

    async stop(name, { graceSeconds }) {
      const folder = folderOf(name);
      if (!(await isRunning(folder))) return;
      await askToLeave(folder, "stopped");
      const killAt = Date.now() + graceSeconds * 1_000;
      while (Date.now() < killAt && (await isRunning(folder))) {
        await pause(LOOK_MS, undefined, { signal: disposed.signal });
      }
      await killRun(folder);
    },

    async list() {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const entries = await readdir(directory, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() && RUN_NAME.test(entry.name)).map(({ name }) => name);
    },

    async remove(name) {
      const folder = folderOf(name);
      await killRun(folder);
      await folder.delete();
    },

    [Symbol.asyncDispose]: async () => {
      disposed.abort();
      await compiled?.[Symbol.asyncDispose]();
    },
  };
}

/** All a worker gets, nothing of the launcher's own environment. */
function environmentOf(
  worker: WorkerSpec,
  folder: RunFolder,
  {
    searchPath,
    workEnvironment,
    faultPointsDir,
  }: Pick<ProcessRunnerOptions, "searchPath" | "workEnvironment" | "faultPointsDir">,
): Record<string, string> {
  const { variable, token } = tokenOf(worker);
  return {
    PATH: searchPath,
    HOME: folder.home,
    TMPDIR: folder.temporary,
    LANG: "C.UTF-8",
    GATEWAY_URL: worker.gatewayUrl,
    [variable]: token.reveal(),
    WORKSPACE_DIR: folder.workspace,
    LOG_LEVEL: worker.logLevel,
    ...workEnvironment,
    ...(faultPointsDir === undefined ? {} : { FAULT_POINTS_DIR: faultPointsDir }),
  };
}

async function untilLed(folder: RunFolder, spawned: ChildProcess): Promise<ProcessIdentity> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const isOver = spawned.exitCode !== null || spawned.signalCode !== null || Date.now() > deadline;
    const leader = await folder.leader();
    if (leader !== undefined) return leader;
    if (isOver) break;
    await pause(5);
  }
  const lines = (await folder.lastOutput(3)).map(withoutTokens).join(" ");
  throw new RunnerFailure(`the worker's process did not come up: ${lines}`, { reason: "could-not-start" });
}

/** How many processes the kernel has killed for want of memory, of the whole machine; null where it does not say. */
async function countOomKills(): Promise<number | null> {
  const vmstat = await readFile("/proc/vmstat", "utf8").catch(() => "");
  const count = /^oom_kill (\d+)$/m.exec(vmstat)?.[1];
  return count === undefined ? null : Number(count);
}

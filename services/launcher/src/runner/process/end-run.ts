import { setTimeout as pause } from "node:timers/promises";
import { endProcessGroup, signalProcess } from "./end-process-group.ts";
import { isAlive } from "./process-identity.ts";
import type { EndingCause, RunFolder } from "./run-folder.ts";

const KILL_MS = 5_000;
/** How long the leader may take to write down how its killed worker ended. */
const WRITE_DOWN_MS = 500;

/** True while the run lives: the worker counts even when the shell that led it was killed away from above it. */
export async function isRunning(folder: RunFolder): Promise<boolean> {
  if ((await folder.status()) !== undefined) return false;
  return (await isAlive(await folder.leader())) || (await isAlive(await folder.worker()));
}

/** Only the worker is told: what it runs, such as a push, is its own to end. */
export async function askToLeave(folder: RunFolder, cause: EndingCause): Promise<void> {
  if ((await folder.ending()) !== undefined) return;
  await folder.markEnding(cause);
  const worker = (await folder.worker()) ?? (await folder.leader());
  if (worker !== undefined) await signalProcess(worker, "SIGTERM");
}

/** Ends the worker first so that its leader can write down how, then everything else. */
export async function killRun(folder: RunFolder): Promise<void> {
  const worker = await folder.worker();
  if (worker !== undefined) await signalProcess(worker, "SIGKILL");
  const deadline = Date.now() + KILL_MS;
  while (Date.now() < deadline && (await isRunning(folder))) {
    if (Date.now() > deadline - KILL_MS + WRITE_DOWN_MS) await endProcessGroup(await folder.leader(), folder.path);
    await pause(20);
  }
  await endProcessGroup(await folder.leader(), folder.path);
}

import { readdir, readFile } from "node:fs/promises";
import { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** Signals the process if it is still the very one. */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (await isAlive(identity)) kill(identity.pid, signal);
}

/** Kills what is left of a run: the leader's process group, and what left the group but still lives in the run's folder. */
export async function endProcessGroup(leader: ProcessIdentity | undefined, folder: string): Promise<void> {
  if (leader !== undefined && !(await isSomebodyElses(leader))) kill(-leader.pid, "SIGKILL");
  for (const pid of await straysOf(folder)) kill(pid, "SIGKILL");
}

/** The number of a group is given away again only once the whole group is gone, and then its leader is a new process. */
async function isSomebodyElses(leader: ProcessIdentity): Promise<boolean> {
  const now = await identityOf(leader.pid);
  return now !== undefined && now.line !== leader.line;
}

/**
 * Processes whose home or workspace lies in the run's folder. Shells of an agent begin groups of their own, so the
 * worker's group is not all of it. Only Linux tells; elsewhere the group has to do.
 */
async function straysOf(folder: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const owned = await Promise.all(pids.map((pid) => livesIn(pid, folder)));
  return pids.filter((pid, index) => owned[index] === true && pid !== process.pid);
}

async function livesIn(pid: number, folder: string): Promise<boolean> {
  // Not ours to read, or gone meanwhile: not one of the run's.
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return environment.split("\0").some((entry) => /^(HOME|WORKSPACE_DIR)=/.test(entry) && entry.includes(`=${folder}/`));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

/** Marks everything the agent starts, also what left its process group. */
const MARK = "PEERBOT_AGENT";

export interface GroupOptions {
  command: string;
  args: readonly string[];
  cwd: string | undefined;
  env: Record<string, string | undefined>;
  /** Of this turn alone. */
  mark: string;
}

export type GroupProcess = ChildProcess & {
  stdin: NonNullable<ChildProcess["stdin"]>;
  stdout: NonNullable<ChildProcess["stdout"]>;
};

/** Starts a process as the head of its own group, so that it can be ended with all its children. */
export function startGroup({ command, args, cwd, env, mark }: GroupOptions): GroupProcess {
  const child = spawn(command, args, {
    cwd,
    env: { ...env, [MARK]: mark },
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  // The other end may be gone while something is still being written; its exit tells that already.
  child.stdin.on("error", () => {});
  return child;
}

/** Ends the group and whatever else carries the mark. Nothing of it runs afterwards, except what erased its mark. */
export async function endGroup(pid: number | undefined, mark: string): Promise<void> {
  if (pid !== undefined) kill(-pid);
  for (const stray of await marked(mark)) kill(stray);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it is gone already
  }
}

/** Where there is no /proc there are no strays to find. */
async function marked(mark: string): Promise<number[]> {
  const entries = await readdir("/proc").catch((): string[] => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return environment.split("\0").includes(`${MARK}=${mark}`) ? [pid] : [];
    }),
  );
  return found.flat();
}

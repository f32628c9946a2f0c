import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Remembers which process groups belong to this stack, so that none outlives it, however it ends. */
export interface ProcessRegister extends AsyncDisposable {
  add(pid: number | undefined): void;
  remove(pid: number | undefined): void;
}

/*
 * The shell waits on a pipe that closes when this process goes, be it by SIGKILL, and then ends the groups of the file.
 * They get a moment to stop by themselves.
 */
const REAPER = `cat >/dev/null
signal_all() { some=1; for group in $(cat "$2" 2>/dev/null); do kill "$1" -"$group" 2>/dev/null && some=0; done; return $some; }
signal_all -TERM "$1"
for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
  signal_all -0 "$1" || break
  sleep 0.2
done
signal_all -KILL "$1"
rm -f "$1"`;

/** Starts the register of a data folder, after ending what an earlier stack left running there. */
export async function openProcessRegister(dataDir: string): Promise<ProcessRegister> {
  const file = join(dataDir, "process-groups");
  await endLeftovers(file);
  const groups = new Set<number>();
  const write = () => writeFileSync(file, [...groups].map((group) => `${group}\n`).join(""));
  write();
  const reaper = spawn("/bin/sh", ["-c", REAPER, "reaper", file], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  return {
    add(pid) {
      if (pid === undefined) return;
      groups.add(pid);
      write();
    },
    remove(pid) {
      if (pid !== undefined && groups.delete(pid)) write();
    },
    [Symbol.asyncDispose]: () => dismiss(reaper),
  };
}

async function dismiss(reaper: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => reaper.once("close", resolve));
  reaper.stdin?.end();
  await ended;
}

/** Only when the reaper of an earlier stack was killed as well. */
async function endLeftovers(file: string): Promise<void> {
  const groups = readGroups(file);
  for (const group of groups) {
    // The number may have been given to another program since.
    if (await isService(group)) process.kill(-group, "SIGKILL");
  }
  rmSync(file, { force: true });
}

function readGroups(file: string): number[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map(Number)
      .filter((group) => Number.isInteger(group) && group > 1);
  } catch {
    return [];
  }
}

async function isService(pid: number): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]);
    return /services\/[a-z]+\/src\/main\.ts/.test(stdout);
  } catch {
    return false;
  }
}

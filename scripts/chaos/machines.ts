import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { processesOf } from "../stack/end-workers.ts";
import { type FarMachine, MACHINE_FILE, REAPER } from "./far-machine.ts";
import { isAlive, send } from "./signals.ts";

/** The machines the workers run on. A number chooses one of those that run now; false when none does. */
export interface Machines extends AsyncDisposable {
  /** The worker dies; its launcher sees that. */
  kill(choice: number): Promise<boolean>;
  /** Everything on the machine stands still for a while, unnoticed. */
  freeze(choice: number, forMs: number): Promise<boolean>;
  /**
   * The machine is cut off: its launcher takes the worker for dead and begins anew, while that stands still for a while
   * and then goes on, not knowing. It must find out by itself that it is over.
   */
  lose(choice: number, frozenMs: number): Promise<boolean>;
  /** Whatever stands still goes on. */
  thaw(): void;
}

const LOOK_MS = 300;

export function createMachines(folder: string): Machines {
  const frozen = new Set<() => void>();
  const lost = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function choose(choice: number): Promise<{ path: string; machine: FarMachine } | undefined> {
    const names = (await readdir(folder).catch(() => [])).toSorted();
    for (let tries = 0; tries < names.length; tries += 1) {
      const path = join(folder, names[(choice + tries) % names.length] ?? "");
      const machine = await readMachine(path);
      if (machine !== undefined && isAlive(machine.stand) && isAlive(machine.worker)) return { path, machine };
    }
    return undefined;
  }

  async function standStill(path: string, forMs: number): Promise<void> {
    const pids = (await processesOf(path)).map(({ pid }) => pid);
    for (const pid of pids) send(pid, "SIGSTOP");
    const goOn = () => {
      clearTimeout(timer);
      frozen.delete(goOn);
      for (const pid of pids) send(pid, "SIGCONT");
    };
    const timer = setTimeout(goOn, forMs);
    frozen.add(goOn);
  }

  return {
    async kill(choice) {
      const chosen = await choose(choice);
      return chosen !== undefined && send(chosen.machine.worker, "SIGKILL");
    },
    async freeze(choice, forMs) {
      const chosen = await choose(choice);
      if (chosen === undefined) return false;
      await standStill(chosen.path, forMs);
      return true;
    },
    async lose(choice, frozenMs) {
      const chosen = await choose(choice);
      if (chosen === undefined) return false;
      const { path, machine } = chosen;
      // First what would switch it off.
      send(machine.reaper, "SIGKILL");
      if (frozenMs > 0) await standStill(path, frozenMs);
      send(machine.stand, "SIGKILL");
      const ending = switchOffWhenEnded(path, machine.worker, stopping.signal).finally(() => lost.delete(ending));
      lost.add(ending);
      return true;
    },
    thaw() {
      for (const goOn of [...frozen]) goOn();
    },
    async [Symbol.asyncDispose]() {
      for (const goOn of [...frozen]) goOn();
      stopping.abort();
      await Promise.all(lost);
      for (const { pid } of await processesOf(folder)) send(pid, "SIGKILL");
    },
  };
}

/** A machine whose worker has left is given back with all that is still on it, as a container is. */
async function switchOffWhenEnded(path: string, worker: number, stopping: AbortSignal): Promise<void> {
  while (isAlive(worker) && !stopping.aborted) await pause(LOOK_MS);
  const reaper = spawn("/bin/sh", ["-c", REAPER, "reaper", path], { cwd: "/", stdio: "ignore" });
  await once(reaper, "close");
}

async function readMachine(path: string): Promise<FarMachine | undefined> {
  try {
    return JSON.parse(await readFile(join(path, MACHINE_FILE), "utf8")) as FarMachine;
  } catch {
    return undefined; // It is just being set up, or given back.
  }
}

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FAR_FOLDER, type FarMachine, MACHINE_FILE, REAPER } from "./far-machine.ts";

/*
 * Stands where the launcher expects a worker, and runs the real one as on a machine of its own: out of reach of the
 * launcher, which sees this process only. Ending this one ends that machine, too, unless it was cut off before.
 */
const WORKER = fileURLToPath(new URL("../../services/worker/src/main.ts", import.meta.url));

const { FAULT_POINTS_DIR = "", WORKSPACE_DIR = "" } = process.env;
const folder = join(resolve(FAULT_POINTS_DIR, "..", FAR_FOLDER), basename(dirname(WORKSPACE_DIR)));
const [home, workspace] = [join(folder, "home"), join(folder, "workspace")];
for (const place of [home, workspace]) mkdirSync(place, { recursive: true, mode: 0o700 });

const worker = spawn(process.execPath, [WORKER], {
  cwd: workspace,
  env: { ...process.env, HOME: home, WORKSPACE_DIR: workspace },
  stdio: ["ignore", "inherit", "inherit"],
  detached: true,
});
// It waits on a pipe that closes when this process ends, however it ends.
const reaper = spawn("/bin/sh", ["-c", REAPER, "reaper", folder], {
  cwd: "/",
  env: { PATH: process.env.PATH },
  stdio: ["pipe", "ignore", "ignore"],
  detached: true,
});
const machine: FarMachine = { stand: process.pid, reaper: reaper.pid ?? 0, worker: worker.pid ?? 0 };
writeFileSync(join(folder, MACHINE_FILE), JSON.stringify(machine));

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => worker.kill(signal));
worker.once("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));

import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

/** The worker itself and not the shell that leads its process group, which has the same words among its arguments. */
const WORKER = /^(?!.*supervise\.sh).*services\/worker\/src\/main\.ts/;

/**
 * Ends the workers whose runs live in a folder, with all they started. A launcher that stops leaves them alive on
 * purpose, for its successor; a stack that ends has none. They get `graceMs` to save their work.
 */
export async function endWorkers(runsDir: string, graceMs = 8_000): Promise<void> {
  for (const { pid, command } of await processesOf(runsDir)) {
    // Only the worker: it must be able to use git and the agent once more.
    if (WORKER.test(command)) signal(pid, "SIGTERM");
  }
  const deadline = performance.now() + graceMs;
  while ((await processesOf(runsDir)).length > 0 && performance.now() < deadline) await pause();
  for (;;) {
    const left = await processesOf(runsDir);
    if (left.length === 0) return;
    for (const { pid } of left) signal(pid, "SIGKILL");
    await pause();
  }
}

/** Process ids of the workers whose runs live in a folder. */
export async function findWorkers(runsDir: string): Promise<number[]> {
  const found = await processesOf(runsDir);
  return found.filter(({ command }) => WORKER.test(command)).map(({ pid }) => pid);
}

export interface FoundProcess {
  pid: number;
  command: string;
}

/** Processes that work in the folder or were told of it. */
export async function processesOf(folder: string): Promise<FoundProcess[]> {
  const found = process.platform === "linux" ? await readProc(folder) : await readPs(folder);
  return found.filter(({ pid }) => pid !== process.pid);
}

async function readProc(folder: string): Promise<FoundProcess[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const processes = await Promise.all(pids.map((pid) => readProcess(pid, folder)));
  return processes.filter((entry) => entry !== undefined);
}

async function readProcess(pid: number, folder: string): Promise<FoundProcess | undefined> {
  // A process may end while it is looked at, or belong to somebody else: then it is none of ours.
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  const [place, command, environment, status] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
    read("cmdline"),
    read("environ"),
    read("stat"),
  ]);
  const isOurs = place.startsWith(folder) || command.includes(folder) || environment.includes(folder);
  const isZombie = /\) Z /.test(status);
  return isOurs && !isZombie ? { pid, command: command.replaceAll("\0", " ") } : undefined;
}

async function readPs(folder: string): Promise<FoundProcess[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-E", "-o", "pid=,command="], { maxBuffer: 64 << 20 });
  return stdout
    .split("\n")
    .filter((line) => line.includes(folder))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim() }));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

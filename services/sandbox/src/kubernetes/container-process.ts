import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

export interface ContainerProcess {
  /** Resolves to the exit code, 128 and the signal's number for a signal, once nothing of the process group is left. */
  readonly ended: Promise<number>;
  readonly startedAt: number;
  /** `undefined` while it runs. */
  readonly exitCode: number | undefined;
  /** What it wrote, the last of it. */
  log(): string;
  /** Asks its first process to leave, as the container runtime does. */
  terminate(): void;
  kill(): void;
}

const KEPT_CHARACTERS = 1 << 20;

/** Runs what stands for a container: a process of this machine in a process group and with an environment of its own. */
export function startContainerProcess(
  [program, ...args]: readonly [string, ...string[]],
  { env, cwd }: { env: Record<string, string>; cwd: string },
): ContainerProcess {
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const write = (chunk: Buffer | string) => {
    log = `${log}${chunk.toString()}`.slice(-KEPT_CHARACTERS);
  };
  child.stdout.on("data", write);
  child.stderr.on("data", write);
  let exitCode: number | undefined;
  const ended = untilEnded(child, write).then((code) => {
    exitCode = code;
    return code;
  });
  return {
    startedAt: Date.now(),
    ended,
    get exitCode() {
      return exitCode;
    },
    log: () => log,
    terminate: () => signal(child.pid, "SIGTERM"),
    kill: () => signalGroup(child, "SIGKILL"),
  };
}

async function untilEnded(child: ChildProcess, write: (text: string) => void): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once("error", (error) => {
    write(`${error.message}\n`);
    resolve(128); // what runtimes answer when there is nothing to execute
  });
  child.once("exit", (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
  const exitCode = await promise;
  signalGroup(child, "SIGKILL");
  // What left the group may hold the pipes open for ever.
  child.stdout?.destroy();
  child.stderr?.destroy();
  return exitCode;
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid !== undefined) signal(-child.pid, name);
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

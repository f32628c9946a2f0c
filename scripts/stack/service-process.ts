import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServicePlan } from "./plan-stack.ts";
import type { ProcessRegister } from "./process-register.ts";
import { restartDelayMs } from "./restart-delay.ts";

export interface ServiceProcessOptions {
  plan: ServicePlan;
  root: string;
  /** Gets every line as printed. */
  logFile: string;
  register: ProcessRegister;
  /** Whether a service that ended by itself is started again. */
  restartsCrashed: boolean;
  /** Milliseconds before the n-th start in a row after crashes. */
  delayMs?: (crashesInARow: number) => number;
  onLine?: ((line: string) => void) | undefined;
  /** How long it may take to be ready; half a minute unless told. */
  readyTimeoutMs?: number;
  /** Told when it ended without being asked to, and what is done about it. */
  onCrash?: ((message: string) => void) | undefined;
}

export interface ServiceProcess {
  readonly pid: number | undefined;
  /** Starts it and waits until it is ready. @throws with its last lines when it ends before that or takes too long. */
  start(): Promise<void>;
  /** Asks it to stop, and ends it when it does not within `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  /** Sends a signal, as an operating system would: unannounced. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 10_000;
const KEPT_LINES = 15;
const EXIT_BAD_CONFIG = 78;

/** One service as a child process in a process group of its own. */
export function createServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { plan, restartsCrashed, delayMs = restartDelayMs, onCrash = () => {} } = options;
  const { readyTimeoutMs = READY_TIMEOUT_MS } = options;
  let current: RunningChild | undefined;
  let crashes = 0;
  let isWanted = false;
  let restartTimer: NodeJS.Timeout | undefined;

  const launch = (): RunningChild => {
    const running = spawnService(options);
    current = running;
    void running.ended.then((how) => afterEnd(running, how)); // Never rejects.
    return running;
  };

  const afterEnd = (running: RunningChild, how: Ending) => {
    if (current === running) current = undefined;
    if (!isWanted || running.isExpectedToEnd) return;
    const isHopeless = how.code === EXIT_BAD_CONFIG;
    if (!restartsCrashed || isHopeless) {
      onCrash(`${plan.name} ended by itself (${how.text}).${isHopeless ? " Its settings need attention." : ""}`);
      return;
    }
    crashes = performance.now() - running.startedAt > 60_000 ? 1 : crashes + 1;
    const pauseMs = delayMs(crashes);
    onCrash(`${plan.name} ended by itself (${how.text}); starting it again in ${pauseMs / 1000} s.`);
    restartTimer = setTimeout(launch, pauseMs);
  };

  return {
    get pid() {
      return current?.child.pid;
    },
    async start() {
      isWanted = true;
      clearTimeout(restartTimer);
      await untilReady(plan, current ?? launch(), readyTimeoutMs);
    },
    async stop(graceMs = STOP_GRACE_MS) {
      isWanted = false;
      clearTimeout(restartTimer);
      if (current !== undefined) await end(current, graceMs);
    },
    async kill(signal) {
      const running = current;
      if (running?.child.pid === undefined) return;
      running.child.kill(signal);
      if (signal === "SIGKILL") await running.ended;
    },
  };
}

interface Ending {
  code: number | null;
  text: string;
}

interface RunningChild {
  child: ChildProcess;
  startedAt: number;
  isExpectedToEnd: boolean;
  lastLines: string[];
  ended: Promise<Ending>;
}

function spawnService({ plan, root, logFile, register, onLine = () => {} }: ServiceProcessOptions): RunningChild {
  const child = spawn(process.execPath, [join(root, "services", plan.name, "src/main.ts")], {
    cwd: root,
    env: plan.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group: Ctrl-C in the terminal reaches only this process, which then stops the services in order.
    detached: true,
  });
  register.add(child.pid);
  const lastLines: string[] = [];
  const log = createWriteStream(logFile, { flags: "a" });
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      lastLines.push(line);
      if (lastLines.length > KEPT_LINES) lastLines.shift();
      log.write(`${line}\n`);
      onLine(line);
    });
  }
  const ended = new Promise<Ending>((resolve) => {
    // `exit`, not `close`: a process it left behind may hold its output open for ever.
    child.once("exit", (code, signal) => resolve({ code, text: signal ?? `exit code ${code}` }));
    child.once("error", (error) => resolve({ code: null, text: error.message }));
  }).finally(() => {
    register.remove(child.pid);
    log.end();
  });
  return { child, startedAt: performance.now(), isExpectedToEnd: false, lastLines, ended };
}

async function untilReady(plan: ServicePlan, running: RunningChild, timeoutMs: number): Promise<void> {
  let lastAnswer = "no answer";
  let ending: Ending | undefined;
  void running.ended.then((how) => {
    ending = how;
  }); // Never rejects.
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (ending !== undefined) throw startFailure(plan, `ended (${ending.text})`, running);
    try {
      const response = await fetch(plan.readyUrl, { signal: AbortSignal.timeout(3_000) });
      if (response.ok) return;
      lastAnswer = `${response.status} ${await response.text()}`;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw startFailure(plan, `was not ready within ${timeoutMs / 1000} s (${lastAnswer})`, running);
}

function startFailure(plan: ServicePlan, what: string, { lastLines }: RunningChild): Error {
  return new Error(`${plan.name} ${what}. It last said:\n${lastLines.map((line) => `    ${line}`).join("\n")}`);
}

async function end(running: RunningChild, graceMs: number): Promise<void> {
  running.isExpectedToEnd = true;
  running.child.kill("SIGTERM");
  const timer = setTimeout(() => killGroup(running.child.pid, "SIGKILL"), graceMs);
  await running.ended;
  clearTimeout(timer);
  // What it started and did not end itself.
  killGroup(running.child.pid, "SIGKILL");
}

/** Signals a whole process group; one that is gone already is fine. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

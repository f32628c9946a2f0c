import { send } from "./signals.ts";

/** How a replica is reached: the stack's own, or one beside it. */
export interface ReplicaHands {
  name: string;
  readyUrl: string;
  pid(): number | undefined;
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(graceMs: number): Promise<void>;
  start(): Promise<void>;
}

/** One replica of a service that can be broken. Each deed is false when it was not at work: a start is left alone. */
export interface Replica {
  readonly name: string;
  kill(): Promise<boolean>;
  /** The process stands still for a while and goes on, not knowing. */
  freeze(forMs: number): Promise<boolean>;
  /** A deploy: it is asked to stop, and a new one starts. Resolves at once; the rest happens meanwhile. */
  restart(): Promise<boolean>;
  /** Goes on if it stands still, and waits for a restart to be over. */
  quieten(): Promise<void>;
  /** Restarts in which it had to be ended because it did not stop in time. */
  readonly overdue: number;
}

/** What Kubernetes gives a service unless told otherwise. */
const GRACE_MS = 30_000;

export function createReplica(hands: ReplicaHands): Replica {
  let thaw = () => {};
  let restarting: Promise<void> | undefined;
  let overdue = 0;

  async function deploy(): Promise<void> {
    const askedAt = performance.now();
    await hands.stop(GRACE_MS);
    if (performance.now() - askedAt >= GRACE_MS) overdue += 1;
    // It may meet a fault as it starts; then it is started again like after any crash.
    await hands.start().catch(() => {});
  }

  return {
    name: hands.name,
    get overdue() {
      return overdue;
    },
    async kill() {
      if (restarting !== undefined || !(await isReady(hands.readyUrl))) return false;
      await hands.kill("SIGKILL");
      return true;
    },
    async freeze(forMs) {
      if (restarting !== undefined || !(await isReady(hands.readyUrl))) return false;
      const pid = hands.pid();
      if (pid === undefined || !send(pid, "SIGSTOP")) return false;
      const goOn = () => {
        clearTimeout(timer);
        thaw = () => {};
        send(pid, "SIGCONT");
      };
      const timer = setTimeout(goOn, forMs);
      thaw = goOn;
      return true;
    },
    async restart() {
      if (restarting !== undefined || !(await isReady(hands.readyUrl))) return false;
      restarting = deploy().finally(() => {
        restarting = undefined;
      });
      return true;
    },
    async quieten() {
      thaw();
      await restarting;
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

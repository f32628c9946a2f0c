import type { SessionKey } from "@peerbot/contracts";
import type { SessionActivity, SessionEvents } from "@peerbot/session-log";
import type { Redis } from "ioredis";
import type { StreamerLog } from "../log-events.ts";
import { type Bell, createBell } from "./bell.ts";
import { runThread } from "./run-thread.ts";
import { takeThreadLease } from "./thread-lease.ts";
import type { ThreadPorts } from "./thread-ports.ts";
import { LeaseLostError } from "./thread-store.ts";

/** Pub/sub gives speed, this look at the list of threads gives certainty. */
const SWEEP_EVERY_MS = 2_000;
/** A thread stays on that list at least this long after its last event: an event may be on its way. */
const RETIRE_AFTER_MS = 10_000;
const FIRST_REST_MS = 2_000;
const LAST_REST_MS = 15_000;

/** The threads this replica shows: each by one loop, under a lease that no other replica holds. */
export interface ThreadFleet extends AsyncDisposable {
  /** Threads here that do not show yet all that happened. */
  behind(): number;
}

interface RunningThread {
  bell: Bell;
  /** Resolves, never rejects; true when the thread was ours and has nothing left to show. */
  done: Promise<boolean>;
  isBehind: boolean;
}

export async function startThreadFleet({
  ports,
  events,
  activity,
  redis,
  prefix,
  leaseMs,
  log,
}: {
  ports: ThreadPorts;
  events: Pick<SessionEvents, "activeThreads" | "retire">;
  activity: SessionActivity;
  redis: Redis;
  prefix: string;
  leaseMs: number;
  log: StreamerLog;
}): Promise<ThreadFleet> {
  const stopping = new AbortController();
  const running = new Map<SessionKey, RunningThread>();
  /** Threads that failed: not before then (milliseconds of `performance.now`), and the next rest. */
  const resting = new Map<SessionKey, { until: number; restMs: number }>();

  const unlisten = activity.listen((kind, key) => {
    if (kind !== "events") return;
    const thread = running.get(key);
    if (thread === undefined) begin(key);
    else thread.bell.ring();
  });

  function begin(key: SessionKey): void {
    if (stopping.signal.aborted || running.has(key)) return;
    if ((resting.get(key)?.until ?? 0) > performance.now()) return;
    const thread: RunningThread = { bell: createBell(), done: Promise.resolve(false), isBehind: false };
    running.set(key, thread);
    thread.done = own(key, thread).finally(() => running.delete(key));
  }

  /** A thread that fails rests, and is begun again by a later sweep. */
  async function own(key: SessionKey, thread: RunningThread): Promise<boolean> {
    try {
      await using lease = await takeThreadLease({ redis, prefix, key, ttlMs: leaseMs });
      if (lease === undefined) return false;
      const signal = AbortSignal.any([stopping.signal, lease.lost]);
      const onBehind = (isBehind: boolean) => {
        thread.isBehind = isBehind;
      };
      await runThread(ports, { key, token: lease.token, isHeld: lease.isHeld, bell: thread.bell, signal, onBehind });
      resting.delete(key);
      return true;
    } catch (error) {
      if (stopping.signal.aborted || error instanceof LeaseLostError || isAbort(error)) return false;
      log.threadBroken(key, error);
      const restMs = resting.get(key)?.restMs ?? FIRST_REST_MS;
      resting.set(key, { until: performance.now() + restMs, restMs: Math.min(restMs * 2, LAST_REST_MS) });
      return false;
    }
  }

  async function sweep(): Promise<void> {
    // Its absence is logged where it is noticed; the next look comes soon.
    if (redis.status !== "ready") return;
    for (const { key, lastEventAt } of await events.activeThreads()) {
      begin(key);
      // Looked at again after its quiet time, it has nothing left to show.
      if (lastEventAt < Date.now() - RETIRE_AFTER_MS) void retireWhenDone(key, lastEventAt); // it never rejects
    }
  }

  async function retireWhenDone(key: SessionKey, lastEventAt: number): Promise<void> {
    const isShown = await running.get(key)?.done;
    if (isShown === true) await events.retire(key, lastEventAt).catch(log.sweepFailed);
  }

  let timer: NodeJS.Timeout | undefined;
  const sweepForever = async () => {
    await sweep().catch(log.sweepFailed);
    if (!stopping.signal.aborted) timer = setTimeout(() => void sweepForever(), SWEEP_EVERY_MS); // it catches all
  };
  await sweepForever();

  return {
    behind: () => [...running.values()].filter(({ isBehind }) => isBehind).length,
    async [Symbol.asyncDispose]() {
      unlisten();
      stopping.abort();
      clearTimeout(timer);
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

import type { Redis } from "ioredis";
import type { MethodPace } from "./pace-limits.ts";
import { type PaceBucket, pauseBucket, takeTokens } from "./pace-script.ts";

/** `terminal`: how a round ended. `prompt`: a first sign, a question, something a person waits for. `progress`: the rest. */
export type PacePriority = "terminal" | "prompt" | "progress";

export interface PacedCall {
  /** Slack workspace: limits count per workspace. */
  team: string;
  /** Web API method, such as `chat.update`. */
  method: string;
  channel?: string | undefined;
}

/** Keeps all sessions together, on all replicas, below Slack's limits. */
export interface Pacer {
  /**
   * Resolves when the call may be made. In this process the more important goes first, then who asked first; across
   * replicas a part of each burst is kept for the more important. Rejects only when `signal` aborts or Redis fails.
   */
  acquire(call: PacedCall & { priority: PacePriority; signal?: AbortSignal }): Promise<void>;
  /** Slack said 429: nobody makes this call until `milliseconds` are over. */
  pause(call: PacedCall, milliseconds: number): Promise<void>;
}

const RANK: Readonly<Record<PacePriority, number>> = { terminal: 0, prompt: 1, progress: 2 };
/** The share of a burst each leaves for the more important. */
const RESERVE: Readonly<Record<PacePriority, number>> = { terminal: 0, prompt: 0.125, progress: 0.25 };
/** A pause can end early and a more important caller may come: nobody sleeps longer than this before asking again. */
const MAX_NAP_MS = 1_000;

interface Waiter {
  call: PacedCall;
  priority: PacePriority;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/** Who waits for one kind of call, the next one first. */
interface Line {
  waiters: Waiter[];
  /** Ends the pause before the next look at the bucket. */
  wake: () => void;
}

/** Counted all the same, because Slack can ask for a pause. */
const WITHOUT_LIMIT: MethodPace = { workspace: { perMinute: 600_000, burst: 10_000 } };

/** `limits` by method; a method without a limit waits only while Slack asked for a pause. */
export function createPacer({
  redis,
  prefix,
  limits,
}: {
  redis: Redis;
  prefix: string;
  limits: Readonly<Record<string, MethodPace>>;
}): Pacer {
  const lines = new Map<string, Line>();

  async function serve(name: string, line: Line): Promise<void> {
    for (let first = line.waiters[0]; first !== undefined; first = line.waiters[0]) {
      try {
        const wait = await takeTokens(redis, bucketsOf(prefix, first.call, limits), RESERVE[first.priority]);
        if (wait === 0) leave(line, first)?.resolve();
        // While Redis answered, somebody more important may have come to the head.
        else if (line.waiters[0] === first) await nap(line, Math.min(wait, MAX_NAP_MS));
      } catch (error) {
        leave(line, first)?.reject(error);
      }
    }
    lines.delete(name);
  }

  return {
    acquire({ priority, signal, ...call }) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiter: Waiter = { call, priority, resolve, reject };
      const name = lineNameOf(call, limits);
      const line = lines.get(name) ?? { waiters: [], wake: () => {} };
      enter(line, waiter);
      const giveUp = () => leave(line, waiter)?.reject(signal?.reason);
      signal?.addEventListener("abort", giveUp, { once: true });
      if (!lines.has(name)) {
        lines.set(name, line);
        void serve(name, line); // answers through the waiters; it cannot reject
      }
      return promise.finally(() => signal?.removeEventListener("abort", giveUp));
    },

    async pause(call, milliseconds) {
      // The narrowest bucket: a 429 of one channel says nothing about the others.
      const bucket = bucketsOf(prefix, call, limits).at(-1);
      if (bucket !== undefined) await pauseBucket(redis, bucket.key, milliseconds);
    },
  };
}

function enter(line: Line, waiter: Waiter): void {
  const behind = line.waiters.findIndex(({ priority }) => RANK[priority] > RANK[waiter.priority]);
  line.waiters.splice(behind < 0 ? line.waiters.length : behind, 0, waiter);
  // At the head it may be served at once: it needs to leave less of the burst than who napped there.
  if (line.waiters[0] === waiter) line.wake();
}

/** Takes the waiter out of the line; `undefined` when it had left already. */
function leave(line: Line, waiter: Waiter): Waiter | undefined {
  const index = line.waiters.indexOf(waiter);
  return index < 0 ? undefined : line.waiters.splice(index, 1)[0];
}

function nap(line: Line, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    line.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** The workspace's bucket first. All have one hash tag, so that Redis Cluster lets one script touch them. */
function bucketsOf(
  prefix: string,
  { team, method, channel }: PacedCall,
  limits: Readonly<Record<string, MethodPace>>,
): PaceBucket[] {
  const limit = limits[method] ?? WITHOUT_LIMIT;
  const key = `${prefix}:{pace-${team}}:${method}`;
  const workspace = { ...limit.workspace, key };
  if (limit.channel === undefined || channel === undefined) return [workspace];
  return [workspace, { ...limit.channel, key: `${key}:${channel}` }];
}

function lineNameOf({ team, method, channel }: PacedCall, limits: Readonly<Record<string, MethodPace>>): string {
  return [team, method, limits[method]?.channel === undefined ? "" : (channel ?? "")].join(" ");
}

import { randomUUID } from "node:crypto";
import type { SessionKey } from "@peerbot/contracts";
import { createScript } from "@peerbot/session-log";
import type { Redis } from "ioredis";
import { threadKeys } from "./thread-store.ts";

/** The right to write to one thread, renewed until disposed. */
export interface ThreadLease extends AsyncDisposable {
  readonly token: string;
  /**
   * False when it was not confirmed for so long that it may have run out: a process that stood still learns that from
   * the clock, before any answer of Redis reaches it.
   */
  isHeld(): boolean;
  /** Aborts when somebody else may own the thread. */
  readonly lost: AbortSignal;
}

const renew = createScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`);

const release = createScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

/** Of the time of a lease, the part for which it is surely ours; the rest is for clocks and calls on their way. */
const SURE_PART = 0.6;

/** `undefined` when another replica holds it. Without renewal it ends after `ttlMs`. */
export async function takeThreadLease({
  redis,
  prefix,
  key,
  ttlMs,
}: {
  redis: Redis;
  prefix: string;
  key: SessionKey;
  ttlMs: number;
}): Promise<ThreadLease | undefined> {
  const name = threadKeys(prefix, key).lease;
  const token = randomUUID();
  // Counted from the question: when Redis answered it, the lease ran already.
  let renewedAt = performance.now();
  if ((await redis.set(name, token, "PX", ttlMs, "NX")) === null) return undefined;
  const lost = new AbortController();
  const isHeld = () => performance.now() - renewedAt < ttlMs * SURE_PART;
  const keep = async () => {
    const askedAt = performance.now();
    try {
      const isOurs = Number(await renew(redis, [name], [token, ttlMs])) === 1;
      if (isOurs) renewedAt = askedAt;
      else lost.abort();
    } catch {
      // Redis is away: the lease runs out there by itself, so it must run out here no later.
      if (!isHeld()) lost.abort();
    }
  };
  const timer = setInterval(() => void keep(), ttlMs / 4); // `keep` never rejects
  return {
    token,
    isHeld: () => !lost.signal.aborted && isHeld(),
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      try {
        await release(redis, [name], [token]);
      } catch {
        // It runs out by itself.
      }
    },
  };
}

import { randomUUID } from "node:crypto";
import type { SessionKey } from "@peerbot/contracts";
import { createScript } from "@peerbot/session-log";
import type { Redis } from "ioredis";
import { threadKeys } from "./thread-store.ts";

/** The right to write to one thread, renewed until disposed. */
export interface ThreadLease extends AsyncDisposable {
  readonly token: string;
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
  if ((await redis.set(name, token, "PX", ttlMs, "NX")) === null) return undefined;
  const lost = new AbortController();
  let renewedAt = performance.now();
  const keep = async () => {
    try {
      const isOurs = Number(await renew(redis, [name], [token, ttlMs])) === 1;
      if (isOurs) renewedAt = performance.now();
      else lost.abort();
    } catch {
      // Redis is away: the lease runs out there by itself, so it must run out here no later.
      if (performance.now() - renewedAt > ttlMs * 0.6) lost.abort();
    }
  };
  const timer = setInterval(() => void keep(), ttlMs / 4); // `keep` never rejects
  return {
    token,
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

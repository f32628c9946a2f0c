import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";

export interface UserLimitOptions {
  redis: Redis;
  prefix: string;
  /** Runs a person may begin within the window. */
  max: number;
  windowSeconds: number;
}

/** The run may begin, or it is the person's `position`-th waiting one (from 1) and may begin at `until` (milliseconds since 1970). */
export type LimitDecision = { isGranted: true } | { isGranted: false; until: number; position: number };

/**
 * A sliding window per person over all replicas: at most `max` runs begin in any `windowSeconds`, in the order they were
 * asked for.
 */
export interface UserLimit {
  /** Asking again for the same `request` gives the same grant; it is never charged twice. */
  claim(person: { team: string; user: string }, request: string): Promise<LimitDecision>;
  /** Gives up a waiting request's place. */
  withdraw(person: { team: string; user: string }, request: string): Promise<void>;
}

// A place nobody came back for within a day is void, so that a lost job cannot block the person's others.
const CLAIM = `
local granted, waiting = unpack(KEYS)
local request, now, window, max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', granted, '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now - 86400000)
if redis.call('ZSCORE', granted, request) then return {1, 0, 0} end
redis.call('ZADD', waiting, 'NX', now, request)
local rank = redis.call('ZRANK', waiting, request)
local used = redis.call('ZCARD', granted)
if rank < max - used then
  redis.call('ZREM', waiting, request)
  redis.call('ZADD', granted, now, request)
  redis.call('PEXPIRE', granted, window)
  return {1, 0, 0}
end
redis.call('PEXPIRE', waiting, 86400000)
local ahead = rank - (max - used)
local oldest = redis.call('ZRANGE', granted, ahead % max, ahead % max, 'WITHSCORES')
local opens = (tonumber(oldest[2]) or now) + window * (1 + math.floor(ahead / max))
return {0, math.max(opens, now + 1000), rank + 1}
`;

export function createUserLimit({ redis, prefix, max, windowSeconds }: UserLimitOptions): UserLimit {
  const keysOf = ({ team, user }: { team: string; user: string }) => {
    const person = createHash("sha256").update(`${team}:${user}`).digest("hex").slice(0, 16);
    return [`${prefix}:limit:{${person}}:granted`, `${prefix}:limit:{${person}}:waiting`] as const;
  };
  return {
    async claim(person, request) {
      const answer = await redis.eval(CLAIM, 2, ...keysOf(person), request, Date.now(), windowSeconds * 1000, max);
      const [isGranted, until, position] = z.tuple([z.number(), z.number(), z.number()]).parse(answer);
      return isGranted === 1 ? { isGranted: true } : { isGranted: false, until, position };
    },
    async withdraw(person, request) {
      await redis.zrem(keysOf(person)[1], request);
    },
  };
}

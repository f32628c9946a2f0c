import { createHash } from "node:crypto";
import { WorkspaceUser } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { z } from "zod";

export interface UserLimitOptions {
  redis: Redis;
  prefix: string;
  /** Runs a person may begin within the window. */
  max: number;
  windowSeconds: number;
}

/**
 * The run may begin (`hadWaited`: it leaves the row of waiting ones), or it is the person's `position`-th waiting one
 * (from 1) and may begin at `until` (milliseconds since 1970).
 */
export type LimitDecision =
  | { isGranted: true; hadWaited: boolean }
  | { isGranted: false; until: number; position: number };

/**
 * A sliding window per person over all replicas: at most `max` runs begin in any `windowSeconds`, in the order they were
 * asked for.
 */
export interface UserLimit {
  /** Asking again for the same `request` gives the same grant; it is never charged twice. */
  claim(person: WorkspaceUser, request: string): Promise<LimitDecision>;
  /** Gives up a waiting request's place; false when it has none. */
  withdraw(person: WorkspaceUser, request: string): Promise<boolean>;
  /** The person's requests that wait, the next one first. */
  waiting(person: WorkspaceUser): Promise<string[]>;
  /** Everybody who may have requests that wait. */
  waitingPeople(): Promise<WorkspaceUser[]>;
}

/** A place nobody came back for within this time is void, so that nothing can block a person for good. */
const VOID_AFTER_MS = 24 * 3600 * 1000;

// The time is Redis' own, so that replicas whose clocks differ share one window. Those who wait are ordered by
// microseconds: two within one millisecond would be ordered by name, and the later one could pass the earlier.
const CLAIM = `
local granted, waiting = unpack(KEYS)
local request, window, max, void_after = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', granted, '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', waiting, '-inf', (now - void_after) * 1000)
if redis.call('ZSCORE', granted, request) then return {'granted', 0} end
local is_new = redis.call('ZADD', waiting, 'NX', time[1] * 1000000 + time[2], request)
local rank = redis.call('ZRANK', waiting, request)
local used = redis.call('ZCARD', granted)
if rank < max - used then
  redis.call('ZREM', waiting, request)
  redis.call('ZADD', granted, now, request)
  redis.call('PEXPIRE', granted, window)
  return {'granted', 1 - is_new}
end
redis.call('PEXPIRE', waiting, void_after)
local ahead = rank - (max - used)
local oldest = redis.call('ZRANGE', granted, ahead % max, ahead % max, 'WITHSCORES')
local opens = (tonumber(oldest[2]) or now) + window * (1 + math.floor(ahead / max))
return {'waiting', opens, rank + 1}
`;

const ClaimAnswer = z.union([
  z.tuple([z.literal("granted"), z.number()]),
  z.tuple([z.literal("waiting"), z.number(), z.number()]),
]);

export function createUserLimit({ redis, prefix, max, windowSeconds }: UserLimitOptions): UserLimit {
  const keysOf = ({ team, user }: WorkspaceUser) => {
    const person = createHash("sha256").update(`${team}:${user}`).digest("hex").slice(0, 16);
    return [`${prefix}:limit:{${person}}:granted`, `${prefix}:limit:{${person}}:waiting`] as const;
  };
  const peopleKey = `${prefix}:limit:people`;
  return {
    async claim(person, request) {
      const answer = ClaimAnswer.parse(
        await redis.eval(CLAIM, 2, ...keysOf(person), request, windowSeconds * 1000, max, VOID_AFTER_MS),
      );
      if (answer[0] === "granted") return { isGranted: true, hadWaited: answer[1] === 1 };
      await redis.zadd(peopleKey, Date.now(), JSON.stringify(person));
      return { isGranted: false, until: answer[1], position: answer[2] };
    },

    async withdraw(person, request) {
      return (await redis.zrem(keysOf(person)[1], request)) === 1;
    },

    async waitingPeople() {
      // Their places are void by then.
      await redis.zremrangebyscore(peopleKey, "-inf", Date.now() - VOID_AFTER_MS);
      return (await redis.zrange(peopleKey, "0", "-1")).map((text) => WorkspaceUser.parse(JSON.parse(text)));
    },

    waiting: (person) => redis.zrange(keysOf(person)[1], "0", "-1"),
  };
}

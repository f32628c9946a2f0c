import type { Redis } from "ioredis";
import type { PaceLimit } from "./pace-limits.ts";

export interface PaceBucket extends PaceLimit {
  key: string;
}

/**
 * Takes one token from every bucket, or none. Gives 0, or the milliseconds until it is worth asking again. The generic
 * cell rate algorithm: a bucket is one number, the time at which it would be full again. Redis' own clock counts, so
 * that all replicas agree. `reserve` is how much of the burst must stay for more important callers.
 */
const TAKE = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local reserve = tonumber(ARGV[1])
local wait = 0
local next_full = {}
for index, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[index * 2]), tonumber(ARGV[index * 2 + 1])
  local full_at = math.max(tonumber(redis.call('GET', key) or '0'), now) + interval
  local kept = math.floor(burst * reserve)
  wait = math.max(wait, full_at - (burst - kept) * interval - now)
  local paused = redis.call('PTTL', key .. ':paused')
  if paused > 0 then wait = math.max(wait, paused) end
  next_full[index] = full_at
end
if wait > 0 then return math.ceil(wait) end
for index, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.3f', next_full[index]), 'PX', math.ceil(next_full[index] - now) + 1000)
end
return 0
`;

/** 0 when one token was taken from each bucket, else milliseconds to wait; then nothing was taken. */
export async function takeTokens(redis: Redis, buckets: readonly PaceBucket[], reserve: number): Promise<number> {
  const limits = buckets.flatMap(({ perMinute, burst }) => [60_000 / perMinute, burst]);
  return Number(await redis.eval(TAKE, buckets.length, ...buckets.map(({ key }) => key), reserve, ...limits));
}

/** Lets nobody take from a bucket for a while; a longer pause is not shortened. */
export async function pauseBucket(redis: Redis, key: string, milliseconds: number): Promise<void> {
  const duration = Math.max(1, Math.ceil(milliseconds));
  const set = await redis.set(`${key}:paused`, "1", "PX", duration, "NX");
  if (set === null) await redis.pexpire(`${key}:paused`, duration, "GT");
}

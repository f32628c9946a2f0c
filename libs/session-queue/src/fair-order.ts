import { SessionJob } from "@peerbot/contracts";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { shareRuns } from "./share-runs.ts";

/** Every job waits with this BullMQ priority; what orders them is their score within it. */
export const FAIR_PRIORITY = 1;
/** A job that was in work once goes before all that were not: its run may be living. */
export const FIRST_PRIORITY = 0;

/**
 * The order in which waiting sessions get their turn (start-time fair queueing). Everybody has a clock that moves on by
 * 1/weight with each turn. The common clock shows the latest turn taken, and nobody's own is behind it. A person's
 * waiting sessions stand at their clock, one step apart, and the earliest goes first. So somebody who comes new stands
 * at the common clock, where each other person can have one session before theirs, however many they have waiting. And
 * nobody starves: a waiting session keeps its time, and every turn of somebody else's takes them nearer to it or past it.
 */
export interface FairOrder {
  /** Puts what waits into its order. New jobs stand at the end until then, so a crash in between costs a moment. */
  arrange(): Promise<void>;
  /** Charges a job's person for the turn it has now, once per job, and lets it go first should it come back. */
  take(jobId: string): Promise<void>;
  /** What waits, in its order. */
  line(): Promise<SessionJob[]>;
  /** Replaces the weights by Slack user id; who has none has weight 1. */
  setWeights(weights: ReadonlyMap<string, number>): Promise<void>;
}

// Only the scores that are there change hands, so whatever BullMQ means by a score stays true. A person's own jobs keep
// their order because they are read in the order they stand in. Whose a job is never changes: it is read out of the job
// once and noted, because this runs with every message, over all that wait.
const ARRANGE = `
local waiting, first, time, people, weights, owners = unpack(KEYS)
local jobs_prefix, kept_seconds = ARGV[1], ARGV[2]
local function owner_of(id)
  local data = redis.call('HGET', jobs_prefix .. id, 'data')
  local is_json, job = pcall(cjson.decode, data or '')
  if not is_json then return id .. ' ' end
  if job.person then return job.person.team .. ':' .. job.person.user .. ' ' .. job.person.user end
  return (job.sessionKey or id) .. ' '
end
local function note_owner(id)
  local owner = owner_of(id)
  redis.call('HSET', owners, id, owner)
  return owner
end
local function owners_of(ids)
  if redis.call('HLEN', owners) > 2 * #ids + 100 then redis.call('DEL', owners) end
  local found = {}
  for from = 1, #ids, 1000 do
    local noted = redis.call('HMGET', owners, unpack(ids, from, math.min(from + 999, #ids)))
    for index, owner in ipairs(noted) do
      local place = from + index - 1
      found[place] = owner or note_owner(ids[place])
    end
  end
  redis.call('EXPIRE', owners, kept_seconds)
  return found
end
local function person_of(owner)
  return string.match(owner, '^(.*) (.*)$')
end
local function step_of(user)
  return 1 / tonumber(redis.call('HGET', weights, user) or '1')
end
local function clock_of(person)
  local now = tonumber(redis.call('GET', time) or '0')
  return math.max(now, tonumber(redis.call('ZSCORE', people, person) or '0'))
end
local function arrange()
  local ids = redis.call('ZRANGE', waiting, 0, -1)
  local line, clocks, steps, is_sorted = {}, {}, {}, true
  for place, owner in ipairs(owners_of(ids)) do
    local start = clocks[owner]
    if not start then
      local person, user = person_of(owner)
      start, steps[owner] = clock_of(person), step_of(user)
    end
    line[place] = { place = place, start = start }
    clocks[owner] = start + steps[owner]
    is_sorted = is_sorted and (place == 1 or line[place - 1].start <= start)
  end
  if is_sorted then return end
  table.sort(line, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return a.place < b.place
  end)
  local rows = redis.call('ZRANGE', waiting, 0, -1, 'WITHSCORES')
  for place, job in ipairs(line) do
    if job.place ~= place then redis.call('ZADD', waiting, rows[place * 2], ids[job.place]) end
  end
end
`;

const ARRANGE_ONLY = `${ARRANGE}
arrange()
return 'ok'
`;

// Clocks at or behind the common one say nothing any more.
const TAKE = `${ARRANGE}
local id, first_priority = ARGV[3], ARGV[4]
local job = jobs_prefix .. id
if redis.call('EXISTS', job) == 1 and redis.call('HGET', job, 'priority') ~= first_priority then
  local person, user = person_of(owner_of(id))
  local start = clock_of(person)
  redis.call('ZADD', people, string.format('%.17g', start + step_of(user)), person)
  redis.call('ZREMRANGEBYSCORE', people, '-inf', string.format('%.17g', start))
  redis.call('SET', time, string.format('%.17g', start), 'EX', kept_seconds)
  redis.call('EXPIRE', people, kept_seconds)
  redis.call('HSET', job, 'priority', first_priority)
end
arrange()
return 'ok'
`;

const LINE = `${ARRANGE}
arrange()
local line = {}
local ids = redis.call('LRANGE', first, 0, -1)
for index = #ids, 1, -1 do line[#line + 1] = redis.call('HGET', jobs_prefix .. ids[index], 'data') end
for _, id in ipairs(redis.call('ZRANGE', waiting, 0, -1)) do
  line[#line + 1] = redis.call('HGET', jobs_prefix .. id, 'data')
end
return line
`;

/** After so long without a turn nobody owes anybody anything. */
const KEPT_SECONDS = 24 * 3600;

/** The fair order of a BullMQ queue whose jobs are `SessionJob`s and are added with `FAIR_PRIORITY`. */
export function createFairOrder({ redis, queue }: { redis: Redis; queue: Pick<Queue, "toKey"> }): FairOrder {
  const weightsKey = queue.toKey("fair-weights");
  const keys = [
    queue.toKey("prioritized"),
    queue.toKey("wait"),
    queue.toKey("fair-time"),
    queue.toKey("fair-people"),
    weightsKey,
    queue.toKey("fair-owners"),
  ];
  const run = (script: string, ...own: (string | number)[]) =>
    redis.eval(script, keys.length, ...keys, queue.toKey(""), KEPT_SECONDS, ...own);
  return {
    // Once for all messages that come in meanwhile: it looks at everything that waits.
    arrange: shareRuns(async () => void (await run(ARRANGE_ONLY))),
    take: async (jobId) => void (await run(TAKE, jobId, FIRST_PRIORITY)),
    async line() {
      // A job that was removed while it was read has no data.
      const rows = z.array(z.string().nullable()).parse(await run(LINE));
      return rows.flatMap((data) => (data === null ? [] : [SessionJob.parse(JSON.parse(data))]));
    },
    async setWeights(weights) {
      const transaction = redis.multi().del(weightsKey);
      if (weights.size > 0) transaction.hset(weightsKey, new Map(weights));
      await transaction.exec();
    },
  };
}

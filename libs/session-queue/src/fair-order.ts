import { SessionJob } from "@peerbot/contracts";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";

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
// their order because they are read in the order they stand in.
const ARRANGE = `
local waiting, first, time, people, weights = unpack(KEYS)
local jobs_prefix = ARGV[1]
local function job_of(id)
  local data = redis.call('HGET', jobs_prefix .. id, 'data')
  local is_json, job = pcall(cjson.decode, data or '')
  return is_json and job or {}
end
local function person_of(id)
  local job = job_of(id)
  if job.person then return job.person.team .. ':' .. job.person.user, job.person.user end
  return job.sessionKey or id, ''
end
local function step_of(user)
  return 1 / tonumber(redis.call('HGET', weights, user) or '1')
end
local function clock_of(person)
  local now = tonumber(redis.call('GET', time) or '0')
  return math.max(now, tonumber(redis.call('ZSCORE', people, person) or '0'))
end
local function arrange()
  local rows = redis.call('ZRANGE', waiting, 0, -1, 'WITHSCORES')
  local line, clocks, steps = {}, {}, {}
  for place = 1, #rows / 2 do
    local id = rows[place * 2 - 1]
    local person, user = person_of(id)
    if not clocks[person] then clocks[person], steps[person] = clock_of(person), step_of(user) end
    line[place] = { id = id, place = place, start = clocks[person] }
    clocks[person] = clocks[person] + steps[person]
  end
  table.sort(line, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return a.place < b.place
  end)
  for place, job in ipairs(line) do
    if job.place ~= place then redis.call('ZADD', waiting, rows[place * 2], job.id) end
  end
end
`;

const ARRANGE_ONLY = `${ARRANGE}
arrange()
return 'ok'
`;

// Clocks at or behind the common one say nothing any more.
const TAKE = `${ARRANGE}
local id, first_priority, kept_seconds = ARGV[2], ARGV[3], ARGV[4]
local job = jobs_prefix .. id
if redis.call('EXISTS', job) == 1 and redis.call('HGET', job, 'priority') ~= first_priority then
  local person, user = person_of(id)
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
  ];
  const jobsPrefix = queue.toKey("");
  return {
    arrange: async () => void (await redis.eval(ARRANGE_ONLY, keys.length, ...keys, jobsPrefix)),
    take: async (jobId) =>
      void (await redis.eval(TAKE, keys.length, ...keys, jobsPrefix, jobId, FIRST_PRIORITY, KEPT_SECONDS)),
    async line() {
      // A job that was removed while it was read has no data.
      const rows = z.array(z.string().nullable()).parse(await redis.eval(LINE, keys.length, ...keys, jobsPrefix));
      return rows.flatMap((data) => (data === null ? [] : [SessionJob.parse(JSON.parse(data))]));
    },
    async setWeights(weights) {
      const transaction = redis.multi().del(weightsKey);
      if (weights.size > 0) transaction.hset(weightsKey, new Map(weights));
      await transaction.exec();
    },
  };
}

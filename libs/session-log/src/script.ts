import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export type Script = (redis: Redis, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/** A Lua script, sent whole only when the server does not know it yet (EVALSHA, then EVAL). */
export function createScript(lua: string): Script {
  const sha = createHash("sha1").update(lua).digest("hex");
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}

/** Appends one event with the next gapless number. Shared by the scripts below it in a file. */
export const APPEND_EVENT = `
local function append_event(events, sequence, epoch, at, event, retention)
  local seq = redis.call('INCR', sequence)
  redis.call('XADD', events, seq .. '-0', 'epoch', epoch, 'at', at, 'event', event)
  redis.call('EXPIRE', events, retention)
  redis.call('EXPIRE', sequence, retention)
  return seq
end
`;

/** Takes a member off a sorted set of times, unless it has been marked again after the given time. */
export const retireUnlessNewer = createScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) <= tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 'ok'
`);

/** Orders Redis stream ids (`milliseconds-number`). */
export const COMPARE_STREAM_IDS = `
local function is_after(a, b)
  local a_ms, a_n = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_n = string.match(b, '^(%d+)-(%d+)$')
  a_ms, a_n, b_ms, b_n = tonumber(a_ms), tonumber(a_n), tonumber(b_ms), tonumber(b_n)
  return a_ms > b_ms or (a_ms == b_ms and a_n > b_n)
end
`;

import { type SessionKey, SystemEvent } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { z } from "zod";
import { sessionKeys, sharedKeys } from "./keys.ts";
import { APPEND_EVENT, createScript } from "./script.ts";

type Waiting = Extract<SystemEvent, { type: "waiting" }>;

/** What a thread was told about its waiting, and for which of its runs. */
export interface ToldWait extends Omit<Waiting, "type"> {
  /** Names the run that waits. */
  request: string;
}

/** What threads are told about their waiting. */
export interface SessionWaits {
  /** What the thread was told last. */
  last(key: SessionKey): Promise<ToldWait | undefined>;
  /**
   * Appends `waiting`. Not if that is what the thread was told last (`known`), nor if nothing waits in it or its run has
   * begun (`over`): what is told of a run must not come after its beginning.
   */
  tell(key: SessionKey, wait: ToldWait): Promise<"told" | "known" | "over">;
}

const tell = createScript(`${APPEND_EVENT}
local run, session, inbox, told, events, sequence = unpack(KEYS)
local activity, key, at, retention, event, wait = unpack(ARGV)
local state = redis.call('HGET', run, 'state')
if state == 'live' or state == 'finished' then return 'over' end
local settled = redis.call('HGET', session, 'settled') or '0-0'
if #redis.call('XRANGE', inbox, '(' .. settled, '+', 'COUNT', 1) == 0 then return 'over' end
if redis.call('GET', told) == wait then return 'known' end
append_event(events, sequence, 0, at, event, retention)
redis.call('SET', told, wait, 'EX', retention)
redis.call('PUBLISH', activity, 'events ' .. key)
return 'told'
`);

const StoredWait = z.object({ request: z.string(), event: SystemEvent });

export function createSessionWaits({
  redis,
  prefix,
  retentionSeconds,
}: {
  redis: Redis;
  prefix: string;
  retentionSeconds: number;
}): SessionWaits {
  const shared = sharedKeys(prefix);
  return {
    async last(key) {
      const text = await redis.get(sessionKeys(prefix, key).toldWait);
      const stored = text === null ? undefined : StoredWait.safeParse(JSON.parse(text)).data;
      if (stored?.event.type !== "waiting") return undefined;
      const { type: _, ...waiting } = stored.event;
      return { request: stored.request, ...waiting };
    },

    async tell(key, { request, ...waiting }) {
      const keys = sessionKeys(prefix, key);
      const at = Date.now();
      const event = SystemEvent.parse({ type: "waiting", ...waiting });
      await redis.zadd(shared.activeThreads, at, key);
      const result = await tell(
        redis,
        [keys.run, keys.session, keys.inbox, keys.toldWait, keys.events, keys.sequence],
        [shared.activity, key, at, retentionSeconds, JSON.stringify(event), JSON.stringify({ request, event })],
      );
      return z.enum(["told", "known", "over"]).parse(result);
    },
  };
}

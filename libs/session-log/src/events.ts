import { SessionEvent, type SessionKey, StoredEvent, type SystemEvent, type WorkerEvent } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { sessionKeys, sharedKeys } from "./keys.ts";
import { APPEND_EVENT, createScript, retireUnlessNewer } from "./script.ts";
import { readTimes } from "./session-times.ts";

/** An event nobody here can read: a newer writer's. It keeps its place in the sequence. */
export interface UnreadableEvent {
  seq: number;
  event: undefined;
}

/** A session's event stream as launcher (writes outside the worker's fence) and streamer (reads) see it. */
export interface SessionEvents {
  /** Appends one event and publishes the news; gives its `seq`. */
  append(
    key: SessionKey,
    epoch: number,
    event: SystemEvent | Extract<WorkerEvent, { type: "notice" }>,
  ): Promise<number>;
  /** Events after `afterSeq` in order, at most `limit`. */
  read(key: SessionKey, options: { afterSeq: number; limit?: number }): Promise<(StoredEvent | UnreadableEvent)[]>;
  /** Drops events up to `seq`; they are never read again. */
  trim(key: SessionKey, seq: number): Promise<void>;
  /** Sessions whose thread may lack something, least recently written first. */
  activeThreads(): Promise<{ key: SessionKey; lastEventAt: number }[]>;
  /** Takes a session off that list, unless something was written after `lastEventAt`. */
  retire(key: SessionKey, lastEventAt: number): Promise<void>;
}

const append = createScript(`${APPEND_EVENT}
local events, sequence = unpack(KEYS)
local activity, key, epoch, at, event, retention = unpack(ARGV)
local seq = append_event(events, sequence, epoch, at, event, retention)
redis.call('PUBLISH', activity, 'events ' .. key)
return seq
`);

export function createSessionEvents({
  redis,
  prefix,
  retentionSeconds,
}: {
  redis: Redis;
  prefix: string;
  retentionSeconds: number;
}): SessionEvents {
  const shared = sharedKeys(prefix);
  return {
    async append(key, epoch, event) {
      const keys = sessionKeys(prefix, key);
      const at = Date.now();
      await redis.zadd(shared.activeThreads, at, key);
      const args = [shared.activity, key, epoch, at, JSON.stringify(SessionEvent.parse(event)), retentionSeconds];
      return Number(await append(redis, [keys.events, keys.sequence], args));
    },

    async read(key, { afterSeq, limit = 1000 }) {
      const rows = await redis.xrange(sessionKeys(prefix, key).events, `(${afterSeq}-0`, "+", "COUNT", limit);
      return rows.map(([id, fields]) => parseEventRow(id, fields));
    },

    async trim(key, seq) {
      await redis.xtrim(sessionKeys(prefix, key).events, "MINID", `${seq + 1}-0`);
    },

    async activeThreads() {
      const rows = await readTimes(redis, shared.activeThreads);
      return rows.map(({ key, at }) => ({ key, lastEventAt: at }));
    },

    async retire(key, lastEventAt) {
      await retireUnlessNewer(redis, [shared.activeThreads], [key, lastEventAt]);
    },
  };
}

function parseEventRow(id: string, fields: readonly string[]): StoredEvent | UnreadableEvent {
  const seq = Number.parseInt(id, 10);
  const field = (name: string) => fields[fields.indexOf(name) + 1] ?? "null";
  const parsed = StoredEvent.safeParse({
    v: 1,
    seq,
    epoch: Number(field("epoch")),
    at: Number(field("at")),
    event: JSON.parse(field("event")),
  });
  return parsed.success ? parsed.data : { seq, event: undefined };
}

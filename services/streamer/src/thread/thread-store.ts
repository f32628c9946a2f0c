import type { SessionKey } from "@peerbot/contracts";
import { createScript, sessionKeys } from "@peerbot/session-log";
import type { Redis } from "ioredis";
import { NOTHING_SENT, SentThread } from "../plan/sent-thread.ts";
import { EMPTY_VIEW, ThreadView } from "../view/thread-view.ts";

/** A thread's record outlives the quiet between two replies, and a little more than the session's other keys. */
const RECORD_SECONDS = 30 * 24 * 3600;

/** Redis keys of one session's thread, in the session's slot. */
export function threadKeys(prefix: string, key: SessionKey) {
  const base = `${prefix}:{${key}}`;
  return { record: `${base}:thread`, lease: `${base}:thread-lease` };
}

/** Another replica owns the thread now. */
export class LeaseLostError extends Error {
  constructor(key: SessionKey) {
    super(`the lease on thread ${key} is lost`);
    this.name = "LeaseLostError";
  }
}

/** What is remembered of a thread across restarts. */
export interface ThreadRecord {
  /** The view as of the last delivered round; events after `view.seq` are applied to it. */
  view: ThreadView;
  sent: SentThread;
}

/** Writes only for the owner: every write compares the lease first. */
export interface ThreadStore {
  load(key: SessionKey): Promise<ThreadRecord>;
  /** Without changes it only makes sure that the thread is still ours. @throws LeaseLostError */
  save(key: SessionKey, token: string, changes: Partial<ThreadRecord>): Promise<void>;
}

const save = createScript(`
local lease, record = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 'lost' end
if #ARGV > 2 then
  redis.call('HSET', record, unpack(ARGV, 3))
  redis.call('EXPIRE', record, ARGV[2])
end
return 'saved'
`);

export function createThreadStore({ redis, prefix }: { redis: Redis; prefix: string }): ThreadStore {
  return {
    async load(key) {
      const [fields, lastSeq] = await Promise.all([
        redis.hgetall(threadKeys(prefix, key).record),
        redis.get(sessionKeys(prefix, key).sequence),
      ]);
      const view = fields.view === undefined ? EMPTY_VIEW : ThreadView.parse(JSON.parse(fields.view));
      const sent = fields.sent === undefined ? NOTHING_SENT : SentThread.parse(JSON.parse(fields.sent));
      // The session was forgotten in between and counts its events from 1 again.
      if (Number(lastSeq ?? 0) < view.seq) return { view: EMPTY_VIEW, sent: NOTHING_SENT };
      return { view, sent };
    },

    async save(key, token, { view, sent }) {
      const keys = threadKeys(prefix, key);
      const fields = [
        ...(view === undefined ? [] : ["view", JSON.stringify(view)]),
        ...(sent === undefined ? [] : ["sent", JSON.stringify(sent)]),
      ];
      const result = await save(redis, [keys.lease, keys.record], [token, RECORD_SECONDS, ...fields]);
      if (result !== "saved") throw new LeaseLostError(key);
    },
  };
}

import { InboxEntry, InboxMessage, type SessionKey, sessionKeyOf, ThreadAddress } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { sessionKeys, sharedKeys } from "./keys.ts";
import { APPEND_EVENT, createScript, retireUnlessNewer } from "./script.ts";
import { readTimes } from "./session-times.ts";

/** Before the first entry of any inbox. */
export const INBOX_START = "0-0";

export interface Session {
  key: SessionKey;
  thread: ThreadAddress;
  /** Slack user id of the person who began it: the session works in this person's repository, whoever else replies. */
  owner: string;
  /** Inbox entries up to here have been dealt with. */
  settledThrough: string;
  /** Where the last failed or stopped run began, so that it can be tried again. */
  retryFrom: string;
}

/** A session's inbox as ingress (writes) and launcher (reads) see it. */
export interface SessionInbox {
  /**
   * Stores the message and the `accepted` event in one step. The same message identity or Slack event id a second time
   * is a `duplicate` and changes nothing. `owner` (else the author) becomes the session's if it is new here.
   */
  accept(
    thread: ThreadAddress,
    message: InboxMessage,
    eventId: string | undefined,
    owner?: string,
  ): Promise<"accepted" | "duplicate">;
  /** A thread nobody has written to is `undefined`. */
  session(key: SessionKey): Promise<Session | undefined>;
  /** What no run has dealt with yet, oldest first. */
  pending(key: SessionKey): Promise<InboxEntry[]>;
  /** Entries after `after`, oldest first. */
  entriesAfter(key: SessionKey, after: string): Promise<InboxEntry[]>;
  /** Sessions that may have messages no run has dealt with, with the time of their last message, longest silent first. */
  unsettled(): Promise<{ key: SessionKey; at: number }[]>;
  /** Takes a session off that list, unless a message came after `at`. */
  retireUnsettled(key: SessionKey, at: number): Promise<void>;
}

/** Slack redelivers for an hour, and up to a day with Delayed Events. */
const SEEN_SECONDS = 2 * 24 * 3600;

const accept = createScript(`${APPEND_EVENT}
local session, inbox, events, sequence, seen_message, seen_event = unpack(KEYS)
local activity, key, thread, message, id_event, at, retention, seen_seconds, is_stop, owner = unpack(ARGV)
local known = redis.call('EXISTS', seen_message) == 1 or redis.call('EXISTS', seen_event) == 1
redis.call('SET', seen_message, 1, 'EX', seen_seconds)
redis.call('SET', seen_event, 1, 'EX', seen_seconds)
if known then return 'duplicate' end
redis.call('HSETNX', session, 'thread', thread)
redis.call('HSETNX', session, 'owner', owner)
redis.call('XADD', inbox, '*', 'message', message)
append_event(events, sequence, 0, at, id_event, retention)
redis.call('EXPIRE', session, retention)
redis.call('EXPIRE', inbox, retention)
redis.call('PUBLISH', activity, 'events ' .. key)
redis.call('PUBLISH', activity, 'inbox ' .. key)
if is_stop == '1' then redis.call('PUBLISH', activity, 'stop ' .. key) end
return 'accepted'
`);

/** `retentionSeconds`: how long a silent session stays in Redis; its conversation outlives it in the store. */
export function createSessionInbox({
  redis,
  prefix,
  retentionSeconds,
}: {
  redis: Redis;
  prefix: string;
  retentionSeconds: number;
}): SessionInbox {
  const shared = sharedKeys(prefix);

  async function entriesAfter(key: SessionKey, after: string): Promise<InboxEntry[]> {
    const rows = await redis.xrange(sessionKeys(prefix, key).inbox, `(${after}`, "+");
    return rows.map(([inboxId, fields]) => parseInboxRow(inboxId, fields));
  }

  async function session(key: SessionKey): Promise<Session | undefined> {
    const fields = await redis.hgetall(sessionKeys(prefix, key).session);
    if (fields.thread === undefined || fields.owner === undefined) return undefined;
    return {
      key,
      thread: ThreadAddress.parse(JSON.parse(fields.thread)),
      owner: fields.owner,
      settledThrough: fields.settled ?? INBOX_START,
      retryFrom: fields.retryFrom ?? INBOX_START,
    };
  }

  return {
    session,
    entriesAfter,
    unsettled: () => readTimes(redis, shared.unsettled),
    retireUnsettled: async (key, at) => void (await retireUnlessNewer(redis, [shared.unsettled], [key, at])),

    async pending(key) {
      return entriesAfter(key, (await session(key))?.settledThrough ?? INBOX_START);
    },

    async accept(thread, message, eventId, owner = message.user) {
      const key = sessionKeyOf(thread);
      const keys = sessionKeys(prefix, key);
      const accepted = {
        type: "accepted",
        messageId: message.id,
        kind: message.kind,
        user: message.user,
        ts: message.ts,
        ...("options" in message ? { options: message.options } : {}),
      };
      // Marked first: should we die in between, streamer and launcher look at a session that lacks nothing.
      await redis.zadd(shared.activeThreads, message.receivedAt, key);
      await redis.zadd(shared.unsettled, message.receivedAt, key);
      const result = await accept(
        redis,
        [keys.session, keys.inbox, keys.events, keys.sequence, keys.seen(message.id), keys.seen(eventId ?? message.id)],
        [
          shared.activity,
          key,
          JSON.stringify(thread),
          JSON.stringify(InboxMessage.parse(message)),
          JSON.stringify(accepted),
          message.receivedAt,
          retentionSeconds,
          SEEN_SECONDS,
          message.kind === "stop" ? 1 : 0,
          owner,
        ],
      );
      return result === "accepted" ? "accepted" : "duplicate";
    },
  };
}

/** A row of XRANGE as an inbox entry. */
export function parseInboxRow(inboxId: string, fields: readonly string[]): InboxEntry {
  const text = fields[fields.indexOf("message") + 1] ?? "null";
  return InboxEntry.parse({ inboxId, message: JSON.parse(text) });
}

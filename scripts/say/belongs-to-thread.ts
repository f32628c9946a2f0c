import type { StreamItem, ThreadMessage } from "@peerbot/sandbox/control";

export interface ThreadId {
  channel: string;
  threadTs: string;
  /** Slack user id of who reads along. */
  readerId?: string | undefined;
}

/** What only the reader is shown in the channel since the thread began: a message that begins none is answered there. */
export function isBeside(message: ThreadMessage, { threadTs, readerId }: ThreadId): boolean {
  const isForReader = message.ephemeralTo !== null && message.ephemeralTo === readerId;
  return isForReader && message.threadTs === null && message.ts > threadTs;
}

/** Whether a change in the channel is one of the thread, or beside it. */
export function belongsToThread(item: StreamItem, thread: ThreadId): boolean {
  switch (item.type) {
    case "message":
      return isIn(item.message, thread);
    case "ephemeral":
      return isIn(item.message, thread) || isBeside(item.message, thread);
    case "deleted":
      return isIn(item, thread);
    case "session":
      return item.session.threadTs === thread.threadTs;
    case "reset":
    case "view":
      return true;
    default:
      return item satisfies never;
  }
}

function isIn({ ts, threadTs }: { ts: string; threadTs: string | null }, thread: ThreadId): boolean {
  return ts === thread.threadTs || threadTs === thread.threadTs;
}

import type { SessionStatus, StreamItem, Thread, ThreadMessage } from "@peerbot/sandbox/control";
import { z } from "zod";

/** A thread as it stands: messages by time, and what Slack shows of the session. */
export interface ThreadView {
  messages: readonly ThreadMessage[];
  session: SessionStatus | null;
}

export function viewOf({ messages, session }: Thread): ThreadView {
  return { messages: byTime(messages), session };
}

/** The view after one change. Items carry whole messages, so applying one twice changes nothing. */
export function applyItem(view: ThreadView, item: StreamItem): ThreadView {
  switch (item.type) {
    case "message":
    case "ephemeral":
      return { ...view, messages: byTime([...without(view, item.message.ts), item.message]) };
    case "deleted":
      return { ...view, messages: without(view, item.ts) };
    case "session":
      return { ...view, session: item.session };
    case "reset":
    case "view":
      return view;
    default:
      return item satisfies never;
  }
}

function without({ messages }: ThreadView, ts: string): ThreadMessage[] {
  return messages.filter((message) => message.ts !== ts);
}

function byTime(messages: readonly ThreadMessage[]): ThreadMessage[] {
  return [...messages].sort((one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0));
}

/** The metadata of the message that closes a run in its thread. */
const ClosingPayload = z.object({
  part: z.literal("closing"),
  outcome: z.string(),
  branch: z.string().nullish(),
  commit: z.string().nullish(),
  pull_request_url: z.string().nullish(),
  pull_request_number: z.number().nullish(),
});

export interface Closing {
  ts: string;
  outcome: string;
  branch: string | null;
  commit: string | null;
  pullRequest: { number: number; url: string } | null;
}

/** The closing message of each run, oldest first. */
export function closingsOf({ messages }: ThreadView): Closing[] {
  return messages.flatMap(({ ts, metadata }) => {
    if (metadata?.event_type !== "peerbot_part") return [];
    const { data } = ClosingPayload.safeParse(metadata.event_payload);
    if (data === undefined) return [];
    const { pull_request_url: url, pull_request_number: number } = data;
    return [
      {
        ts,
        outcome: data.outcome,
        branch: data.branch ?? null,
        commit: data.commit ?? null,
        pullRequest: url != null && number != null ? { number, url } : null,
      },
    ];
  });
}

/** The sentence by which a message was refused: only its author sees it, and no session came of it. */
export function refusalIn({ messages, session }: ThreadView, afterTs: string): string | undefined {
  const later = messages.filter(({ ts, isBot }) => isBot && ts > afterTs);
  const isRefused = session === null && later.length > 0 && later.every(({ ephemeralTo }) => ephemeralTo !== null);
  return isRefused ? later[0]?.text : undefined;
}

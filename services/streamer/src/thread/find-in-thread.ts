import type { ThreadAddress } from "@peerbot/contracts";
import { readPartPayload, type SlackFailure } from "@peerbot/slack";
import { z } from "zod";
import type { Post, SentRound } from "../plan/sent-thread.ts";
import type { SlackCalls } from "./slack-calls.ts";

const PAGE_SIZE = 200;

const RepliesPage = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      bot_id: z.string().optional(),
      metadata: z.unknown().optional(),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
type Reply = z.infer<typeof RepliesPage>["messages"][number];

export type Found = { ok: true; ts: string | undefined } | { ok: false; failure: SlackFailure };

/**
 * Reads the thread back to learn whether a message that was asked for is there. A post is known by the intent in its
 * metadata. A stream can carry none when it starts: it is the one message of ours that is newer than the intention,
 * carries no metadata, and is no other part of the round.
 */
export async function findInThread(
  slack: SlackCalls,
  { thread, post, told, isStream }: { thread: ThreadAddress; post: Post; told: SentRound; isStream: boolean },
): Promise<Found> {
  const me = isStream ? await whoAmI(slack) : undefined;
  if (me !== undefined && !me.ok) return me;
  const known = knownTs(told);
  const isIt = (reply: Reply) => {
    if (!isStream) return readPartPayload(reply.metadata)?.intent === post.intent;
    const isMine = me !== undefined && (reply.user === me.user || (me.bot !== undefined && reply.bot_id === me.bot));
    return isMine && reply.ts > post.afterTs && !carriesOurMetadata(reply) && !known.includes(reply.ts);
  };
  let cursor: string | undefined;
  do {
    const page = await slack.call("conversations.replies", {
      channel: thread.channel,
      ts: thread.threadTs,
      oldest: post.afterTs === "" ? thread.threadTs : post.afterTs,
      limit: PAGE_SIZE,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (!page.ok) return page;
    const { messages, response_metadata } = RepliesPage.parse(page.answer);
    const match = messages.find(isIt);
    if (match !== undefined) return { ok: true, ts: match.ts };
    cursor = response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
  return { ok: true, ts: undefined };
}

function carriesOurMetadata({ metadata }: Reply): boolean {
  return z.object({ event_type: z.string().startsWith("peerbot_") }).safeParse(metadata).success;
}

/** Timestamps of the round's messages that are known. */
export function knownTs(told: SentRound): string[] {
  return [told.opening, ...told.progress, told.closing].flatMap((post) => (post?.ts === undefined ? [] : [post.ts]));
}

async function whoAmI(slack: SlackCalls) {
  const result = await slack.call("auth.test", {});
  if (!result.ok) return result;
  const { user_id, bot_id } = z.object({ user_id: z.string(), bot_id: z.string().optional() }).parse(result.answer);
  return { ok: true, user: user_id, bot: bot_id } as const;
}

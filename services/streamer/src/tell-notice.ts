import type { Notice } from "@peerbot/contracts";
import { AppError } from "@peerbot/runtime";
import { noticeText, type Pacer } from "@peerbot/slack";
import type { Redis } from "ioredis";
import type { SlackAnswer, SlackCalls } from "./thread/slack-calls.ts";

/** As long as the same message may be delivered again. */
const TOLD_SECONDS = 2 * 24 * 3600;

/** A notice could not be told now. */
export class NoticeError extends AppError {}

/**
 * Tells one person why their message was not taken: only to them in a channel, openly in a direct message. A notice
 * that was told is not told again; should the process die between telling and noting that, the person reads it twice.
 * @throws NoticeError to be tried again later
 */
export async function tellNotice(
  { slack, pacer, redis, prefix }: { slack: SlackCalls; pacer: Pacer; redis: Redis; prefix: string },
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const told = `${prefix}:notice-told:${notice.id}`;
  if ((await redis.exists(told)) === 1) return;
  const { team, channel } = notice.thread;
  const method = isDirectMessage(channel) ? "chat.postMessage" : "chat.postEphemeral";
  await pacer.acquire({ team, method, channel, priority: "prompt", signal });
  const result = await send(slack, notice);
  if (!result.ok && result.failure.kind === "rate-limited") {
    await pacer.pause({ team, method, channel }, result.failure.retryAfterMs);
  }
  // Refused means that this person cannot be reached there: trying again changes nothing.
  if (!result.ok && result.failure.kind !== "refused") {
    throw new NoticeError(`Slack did not take the notice: ${result.failure.kind}`, {
      code: "notice-not-told",
      retryable: true,
    });
  }
  await redis.set(told, "1", "EX", TOLD_SECONDS);
}

function send(slack: SlackCalls, { thread, user, reason, option, id }: Notice): Promise<SlackAnswer> {
  const { channel, threadTs } = thread;
  const text = noticeText({ reason, option });
  if (isDirectMessage(channel)) {
    const metadata = { event_type: "peerbot_notice", event_payload: { id, reason } };
    return slack.call("chat.postMessage", { channel, thread_ts: threadTs, text, metadata });
  }
  // Slack shows an ephemeral message in a thread only to who has the thread open already: a message that would have
  // begun one is answered beside it.
  const isFirst = id.split(":")[1] === threadTs;
  return slack.call("chat.postEphemeral", { channel, user, text, ...(isFirst ? {} : { thread_ts: threadTs }) });
}

function isDirectMessage(channel: string): boolean {
  return channel.startsWith("D");
}

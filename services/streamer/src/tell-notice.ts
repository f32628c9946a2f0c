import type { Notice } from "@peerbot/contracts";
import { AppError } from "@peerbot/runtime";
import { noticeText, type Pacer } from "@peerbot/slack";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { SlackAnswer, SlackCalls } from "./thread/slack-calls.ts";

/** As long as the same message may be delivered again. */
const REMEMBERED_SECONDS = 2 * 24 * 3600;
const NOTICE_EVENT_TYPE = "peerbot_notice";

/** What is remembered of a notice: Slack was asked and its answer is not known, or the notice was told. */
const ASKED = "asked";
const TOLD = "told";

/** A notice could not be told now. */
export class NoticeError extends AppError {}

export interface NoticePorts {
  slack: SlackCalls;
  pacer: Pacer;
  redis: Redis;
  prefix: string;
}

/**
 * Tells one person why their message was not taken: only to them in a channel, openly in a direct message. A notice
 * that was told is not told again. Should the process die between telling and noting that, it is looked for in a direct
 * message; what a single person sees Slack lets nobody look for: they rather read it twice than never.
 * @throws NoticeError to be tried again later
 */
export async function tellNotice(ports: NoticePorts, notice: Notice, signal: AbortSignal): Promise<void> {
  const { redis, prefix } = ports;
  const key = `${prefix}:notice-told:${notice.id}`;
  const remember = (state: string) => redis.set(key, state, "EX", REMEMBERED_SECONDS);
  const state = await redis.get(key);
  if (state === TOLD) return;
  const isThere =
    state === ASKED && isDirectMessage(notice.thread.channel) && (await isInThread(ports, notice, signal));
  if (!isThere) {
    await remember(ASKED);
    await send(ports, notice, signal);
  }
  await remember(TOLD);
}

async function send(ports: NoticePorts, notice: Notice, signal: AbortSignal): Promise<void> {
  const { thread, user, reason, option, id } = notice;
  const { channel, threadTs } = thread;
  const text = noticeText({ reason, option });
  if (isDirectMessage(channel)) {
    const metadata = { event_type: NOTICE_EVENT_TYPE, event_payload: { id, reason } };
    const message = { channel, thread_ts: threadTs, text, metadata };
    await paced(ports, notice, "chat.postMessage", signal, () => ports.slack.call("chat.postMessage", message));
    return;
  }
  // Slack shows an ephemeral message in a thread only to who has the thread open already: a message that would have
  // begun one is answered beside it.
  const isFirst = id.split(":")[1] === threadTs;
  const message = { channel, user, text, ...(isFirst ? {} : { thread_ts: threadTs }) };
  await paced(ports, notice, "chat.postEphemeral", signal, () => ports.slack.call("chat.postEphemeral", message));
}

const Replies = z.object({ messages: z.array(z.object({ metadata: z.unknown().optional() })) });

/** Reads the newest messages of the thread; a direct message with the bot has few. */
async function isInThread(ports: NoticePorts, notice: Notice, signal: AbortSignal): Promise<boolean> {
  const { channel, threadTs } = notice.thread;
  const wanted = { channel, ts: threadTs, limit: 200, include_all_metadata: true };
  const result = await paced(ports, notice, "conversations.replies", signal, () =>
    ports.slack.call("conversations.replies", wanted),
  );
  if (!result.ok) return false; // no right to read
  const Told = z.object({
    event_type: z.literal(NOTICE_EVENT_TYPE),
    event_payload: z.object({ id: z.literal(notice.id) }),
  });
  return Replies.parse(result.answer).messages.some(({ metadata }) => Told.safeParse(metadata).success);
}

/** Makes a call when it may be made. A refusal is an answer: this person, or this thread, cannot be reached. */
async function paced(
  { pacer }: NoticePorts,
  { thread: { team, channel } }: Notice,
  method: string,
  signal: AbortSignal,
  call: () => Promise<SlackAnswer>,
): Promise<SlackAnswer> {
  await pacer.acquire({ team, method, channel, priority: "prompt", signal });
  const result = await call();
  if (result.ok || result.failure.kind === "refused") return result;
  if (result.failure.kind === "rate-limited") {
    await pacer.pause({ team, method, channel }, result.failure.retryAfterMs);
  }
  throw new NoticeError(`Slack did not take the notice: ${result.failure.kind}`, {
    code: "notice-not-told",
    retryable: true,
  });
}

function isDirectMessage(channel: string): boolean {
  return channel.startsWith("D");
}

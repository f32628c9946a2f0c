import type { ThreadAddress } from "@peerbot/contracts";
import { plainTextOf } from "@peerbot/slack";
import type { z } from "zod";
import type { BotIdentity } from "./bot-identity.ts";
import type { Delivery } from "./delivery.ts";
import { readOptions } from "./read-options.ts";
import type { MessageChangedEvent, MessageEvent, SlackMessage } from "./slack-body.ts";

type Words = { delivery: Delivery } | { ignored: string };

/** Subtypes by which a person says something; all others are Slack's own remarks (joins, topics, deletions …). */
const SAID_BY_A_PERSON = new Set([undefined, "file_share", "thread_broadcast"]);

/** A message event, or a mention: both tell of one message, so both give the same identity. */
export function readMessage(
  event: Omit<z.infer<typeof MessageEvent>, "type"> & { type: "message" | "app_mention" },
  identity: BotIdentity,
): Words {
  if (!SAID_BY_A_PERSON.has(event.subtype)) return { ignored: `subtype-${event.subtype}` };
  const user = personIn(event, identity);
  if (user === undefined) return { ignored: "bot" };
  const words = wordsOf(event, identity);
  return {
    delivery: {
      ...commonOf(event, event.channel, event.channel_type, user, identity),
      ...words,
      kind: "said",
      id: `${event.channel}:${event.ts}`,
      isMention: words.isMention || event.type === "app_mention",
      // Only a message that was read from its thread may be one that was edited.
      ...(event.edited ? { editedTs: event.edited.ts } : {}),
    },
  };
}

/** Only a person's change of the words counts: Slack sends the same event when it unfurls a link or counts replies. */
export function readEdit(event: z.infer<typeof MessageChangedEvent>, identity: BotIdentity): Words {
  const { channel, message } = event;
  if (!SAID_BY_A_PERSON.has(message.subtype)) return { ignored: `subtype-${message.subtype}` };
  const user = personIn(message, identity);
  if (user === undefined) return { ignored: "bot" };
  const before = event.previous_message?.text;
  const isSame = before != null && plainTextOf(before, identity) === plainTextOf(message.text ?? "", identity);
  if (!message.edited || isSame) return { ignored: "same-words" };
  return {
    delivery: {
      ...commonOf(message, channel, event.channel_type, user, identity),
      ...wordsOf(message, identity),
      kind: "edited",
      id: `${channel}:${message.ts}:edit:${message.edited.ts}`,
      edits: `${channel}:${message.ts}`,
      editedTs: message.edited.ts,
    },
  };
}

/** What was said, how it is meant, and which options stood around it. */
function wordsOf({ text: written, files, ts, thread_ts: threadTs }: SlackMessage, identity: BotIdentity) {
  const { text: words, options, unknown } = readOptions(plainTextOf(written ?? "", identity));
  const text = withFiles(words, files);
  return {
    text,
    isMention: mentions(written ?? "", identity.botUserId),
    isReply: threadTs !== undefined && threadTs !== ts,
    isStop: isStopWord(text),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(unknown === undefined ? {} : { unknownOption: unknown }),
  };
}

function commonOf(
  message: SlackMessage,
  channel: string,
  channelType: string | undefined,
  user: string,
  identity: BotIdentity,
) {
  const thread: ThreadAddress = { team: identity.team, channel, threadTs: message.thread_ts ?? message.ts };
  const isDirect = channelType === "im" || channel.startsWith("D");
  return { thread, ts: message.ts, user, isDirect, isExternal: isExternal(message, identity) };
}

function personIn({ user, bot_id: botId }: SlackMessage, { botUserId }: BotIdentity): string | undefined {
  if (botId != null || user === botUserId || user === "USLACKBOT") return undefined;
  return user;
}

/** Slack names the author's workspace in one of three places, by channel and by kind of event. */
function isExternal({ user_team, source_team, team }: SlackMessage, identity: BotIdentity): boolean {
  return [user_team, source_team, team].some(
    (theirs) => theirs != null && theirs !== identity.team && theirs !== identity.enterprise,
  );
}

function mentions(text: string, botUserId: string): boolean {
  return text.includes(`<@${botUserId}>`) || text.includes(`<@${botUserId}|`);
}

function isStopWord(text: string): boolean {
  return /^(stop|cancel)[.!]?$/i.test(text.trim());
}

/** Files are not read; that somebody attached them is part of what was said. */
function withFiles(text: string, files: SlackMessage["files"] = []): string {
  const names = files.map(({ name, title }) => name ?? title ?? "unnamed");
  if (names.length === 0) return text;
  const list = `Attached ${names.length === 1 ? "file" : "files"}: ${names.join(", ")}`;
  return text === "" ? list : `${text}\n\n${list}`;
}

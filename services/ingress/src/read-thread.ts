import { PART_EVENT_TYPE, readPartPayload } from "@peerbot/slack";
import { WebAPIPlatformError, type WebClient } from "@slack/web-api";
import { z } from "zod";
import type { BotIdentity } from "./bot-identity.ts";
import type { Delivery } from "./delivery.ts";
import { readMessage } from "./read-message.ts";
import { SlackMessage } from "./slack-body.ts";

export interface ReadThread {
  /** A message of ours is in it. */
  isOurs: boolean;
  /** Slack user ids of who else has written in it. */
  people: string[];
  /** Whom the session works for, as our own messages in it say. */
  owner?: string | undefined;
  /** What a person said to us a short while ago: of a thread that is not ours, it is still on its way here. */
  mention?: Delivery | undefined;
}

const NOTHING: ReadThread = { isOurs: false, people: [] };
const MESSAGES_PER_CALL = 999;
/** Slack repeats a message that was refused for about as long. */
const ON_ITS_WAY_MS = 3_600_000;

/** Slack's ways to say that there is nothing to be read, now and later. */
const GONE = new Set(["thread_not_found", "channel_not_found", "not_in_channel", "is_archived", "missing_scope"]);

export interface ReadThreadPorts {
  client: WebClient;
  identity: BotIdentity;
  /** Makes a call when Slack's limits allow it. */
  paced: <Answer>(call: () => Promise<Answer>) => Promise<Answer>;
}

/** Reads a thread from Slack, however long it is. @throws what the Web API client throws. */
export async function readThread(
  { client, identity, paced }: ReadThreadPorts,
  { channel, threadTs }: { channel: string; threadTs: string },
): Promise<ReadThread> {
  const people = new Set<string>();
  let isOurs = false;
  let owner: string | undefined;
  let mention: Delivery | undefined;
  let cursor = "";
  try {
    do {
      const wanted = { channel, ts: threadTs, limit: MESSAGES_PER_CALL, include_all_metadata: true };
      const from = cursor === "" ? {} : { cursor };
      const page = Page.parse(await paced(() => client.conversations.replies({ ...wanted, ...from })));
      for (const message of page.messages) {
        if (message.bot_id == null && message.user !== undefined) people.add(message.user);
        mention ??= recentMention(message, channel, identity);
        if (!isPartOfOurs(message, identity)) continue;
        isOurs = true;
        owner ??= readPartPayload(message.metadata)?.owner;
      }
      cursor = page.response_metadata?.next_cursor ?? "";
    } while (cursor !== "");
  } catch (error) {
    if (error instanceof WebAPIPlatformError && GONE.has(error.data.error)) return NOTHING;
    throw error;
  }
  people.delete(identity.botUserId);
  return { isOurs, people: [...people], owner, mention };
}

function recentMention(message: unknown, channel: string, identity: BotIdentity): Delivery | undefined {
  const said = SlackMessage.safeParse(message).data;
  if (said === undefined || Number(said.ts) * 1_000 < Date.now() - ON_ITS_WAY_MS) return undefined;
  const words = readMessage({ ...said, type: "message", channel }, identity);
  if (!("delivery" in words) || words.delivery.kind !== "said") return undefined;
  return words.delivery.isMention ? words.delivery : undefined;
}

const Message = z.looseObject({
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  metadata: z.looseObject({ event_type: z.string().optional() }).nullish(),
});

const Page = z.object({
  messages: z.array(Message).default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** The metadata alone proves nothing: any app may use the same word. */
function isPartOfOurs(message: z.infer<typeof Message>, { botUserId, botId }: BotIdentity): boolean {
  const isFromUs = message.user === botUserId || (botId !== undefined && message.bot_id === botId);
  return isFromUs && message.metadata?.event_type === PART_EVENT_TYPE;
}

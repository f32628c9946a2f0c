import { z } from "zod";

// The parts of Slack's payloads that are read here. What else they hold is left out by parsing.

const Ts = z.string().regex(/^\d{9,12}\.\d{1,9}$/, "is not a Slack ts");
const ChannelId = z.string().regex(/^[A-Z0-9]{2,20}$/, "is not a channel id");
const SlackFile = z.object({ name: z.string().nullish(), title: z.string().nullish() });

/** A message as it stands in events: its own, and inside `message_changed`. */
export const SlackMessage = z.object({
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  text: z.string().nullish(),
  ts: Ts,
  thread_ts: Ts.optional(),
  team: z.string().nullish(),
  user_team: z.string().nullish(),
  source_team: z.string().nullish(),
  edited: z.object({ ts: z.string() }).nullish(),
  files: z.array(SlackFile).optional(),
});
export type SlackMessage = z.infer<typeof SlackMessage>;

export const MentionEvent = SlackMessage.extend({ type: z.literal("app_mention"), channel: ChannelId });

export const MessageEvent = SlackMessage.extend({
  type: z.literal("message"),
  channel: ChannelId,
  channel_type: z.string().optional(),
});

export const MessageChangedEvent = z.object({
  type: z.literal("message"),
  subtype: z.literal("message_changed"),
  channel: ChannelId,
  channel_type: z.string().optional(),
  message: SlackMessage,
  previous_message: z.object({ text: z.string().nullish() }).optional(),
});

/** Slack's own Stop button of an agent session. */
export const AgentSessionStoppedEvent = z.object({
  type: z.literal("agent_session_stopped"),
  channel: ChannelId,
  user: z.string(),
  thread_ts: Ts,
  event_ts: z.string(),
});

export const EventCallback = z.object({
  event_id: z.string(),
  event: z.looseObject({ type: z.string(), subtype: z.string().optional() }),
});

/** Buttons in a message; Slack sends exactly one action at a time. */
export const BlockActions = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string(), team_id: z.string().nullish() }),
  container: z.object({ channel_id: ChannelId, message_ts: Ts, thread_ts: Ts.optional() }),
  message: z.object({ thread_ts: Ts.optional() }).optional(),
  actions: z.tuple([z.object({ action_id: z.string(), action_ts: z.string(), value: z.string().optional() })]),
});
export type BlockActions = z.infer<typeof BlockActions>;

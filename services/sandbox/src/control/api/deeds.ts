import { z } from "zod";
import { DeliveryResult } from "./delivery.ts";
import { ChannelId, Ts, UserId } from "./names.ts";

/** POST /sandbox/messages: says something as a person. */
export const PostMessage = z.strictObject({
  user: UserId,
  channel: ChannelId,
  text: z
    .string()
    .max(40_000)
    .describe("As typed: @peerbot, @ada, #dev and addresses become links, & < > are escaped as Slack's client does."),
  threadTs: Ts.optional(),
  duplicates: z.number().int().min(0).max(20).default(0).describe("How often each event is delivered once more."),
  duplicateDelayMs: z.number().int().min(0).max(60_000).default(0).describe("Pause before each of them."),
  delayMs: z.number().int().min(0).max(60_000).default(0).describe("Deliver the events this much later."),
  files: z
    .array(z.strictObject({ name: z.string().min(1), mimetype: z.string().optional(), contentBase64: z.base64() }))
    .max(10)
    .default([]),
});
export type PostMessage = z.input<typeof PostMessage>;

export const PostMessageResult = z.object({
  ok: z.literal(true),
  channel: z.string(),
  ts: z.string(),
  /** The thread this message belongs to: its own ts for a new one. */
  threadTs: z.string(),
  deliveries: z.array(DeliveryResult),
});
export type PostMessageResult = z.infer<typeof PostMessageResult>;

/** POST /sandbox/edits: a person edits their own message. */
export const EditMessage = z.strictObject({
  user: UserId,
  channel: ChannelId,
  ts: Ts,
  text: z.string().min(1).max(40_000),
});
export type EditMessage = z.input<typeof EditMessage>;

/** POST /sandbox/deletions: a person deletes their own message. */
export const DeleteMessage = z.strictObject({ user: UserId, channel: ChannelId, ts: Ts });
export type DeleteMessage = z.input<typeof DeleteMessage>;

/** POST /sandbox/reactions */
export const React = z.strictObject({
  user: UserId,
  channel: ChannelId,
  ts: Ts,
  name: z.string().regex(/^[a-z0-9_+'-]+$/, "is an emoji name without colons"),
  remove: z.boolean().default(false),
});
export type React = z.input<typeof React>;

/** POST /sandbox/actions: clicks a button, or chooses in a menu, of a message (ephemerals too). */
export const ClickAction = z.strictObject({
  user: UserId,
  channel: ChannelId,
  messageTs: Ts,
  actionId: z.string().min(1),
  value: z.string().optional().describe("Menus and feedback buttons: the value chosen. Buttons carry their own."),
  blockId: z.string().optional().describe("When the same action id occurs in several blocks."),
});
export type ClickAction = z.input<typeof ClickAction>;

/** POST /sandbox/suggestions: types into an `external_select`; the answer carries the app's options. */
export const AskSuggestions = z.strictObject({
  user: UserId,
  channel: ChannelId,
  messageTs: Ts,
  actionId: z.string().min(1),
  query: z.string(),
});
export type AskSuggestions = z.input<typeof AskSuggestions>;

/** POST /sandbox/session-stop: Slack's own Stop button of a processing agent session. */
export const StopSession = z.strictObject({ user: UserId, channel: ChannelId, threadTs: Ts });
export type StopSession = z.input<typeof StopSession>;

/** POST /sandbox/commands: a slash command. */
export const SlashCommand = z.strictObject({
  user: UserId,
  channel: ChannelId,
  command: z.string().regex(/^\/\S+$/, "starts with a slash"),
  text: z.string().default(""),
});
export type SlashCommand = z.input<typeof SlashCommand>;

/** POST /sandbox/view-submissions: submits (or closes) an open modal. */
export const SubmitView = z.strictObject({
  user: UserId,
  viewId: z.string(),
  /** By block id, then action id: what was typed or chosen (the value of an option). */
  values: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))).default({}),
  close: z.boolean().default(false),
});
export type SubmitView = z.input<typeof SubmitView>;

/** POST /sandbox/view-actions: clicks a button, or chooses in a menu, of a modal or Home tab. */
export const ClickInView = z.strictObject({
  user: UserId,
  viewId: z.string(),
  actionId: z.string().min(1),
  value: z.string().optional(),
  blockId: z.string().optional(),
});
export type ClickInView = z.input<typeof ClickInView>;

/** POST /sandbox/home: opens the app's Home or Messages tab. */
export const OpenHome = z.strictObject({ user: UserId, tab: z.enum(["home", "messages"]).default("home") });
export type OpenHome = z.input<typeof OpenHome>;

/** POST /sandbox/url-verification answers `{ok: true}` when the events address echoed Slack's challenge. */

/** The answer of every deed above except messages. `response` is what the app answered to an interaction. */
export const DeedResult = z.object({
  ok: z.literal(true),
  deliveries: z.array(DeliveryResult),
  response: z.unknown().optional(),
});
export type DeedResult = z.infer<typeof DeedResult>;

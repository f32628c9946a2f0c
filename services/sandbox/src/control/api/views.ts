import { z } from "zod";
import { Block, SessionStatus, ThreadMessage } from "../thread-message.ts";
import { ChannelId, Ts, UserId } from "./names.ts";

/** GET /sandbox/messages?channel= : the channel's roots, oldest first, with ephemerals posted outside threads. */
export const ChannelQuery = z.object({
  channel: ChannelId,
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
export const ChannelMessages = z.object({ channel: z.string(), messages: z.array(ThreadMessage) });
export type ChannelMessages = z.infer<typeof ChannelMessages>;

/** GET /sandbox/thread?channel=&ts= : root first, then replies and ephemerals by time. */
export const ThreadQuery = z.object({ channel: ChannelId, ts: Ts });
export const Thread = z.object({
  channel: z.string(),
  threadTs: z.string(),
  /** Null before the app said anything about its session. */
  session: SessionStatus.nullable(),
  messages: z.array(ThreadMessage),
});
export type Thread = z.infer<typeof Thread>;

/** A modal or Home tab the app shows to one user. */
export const SandboxView = z.object({
  id: z.string(),
  user: z.string(),
  kind: z.enum(["modal", "home"]),
  title: z.string(),
  submit: z.string().nullable(),
  callbackId: z.string(),
  privateMetadata: z.string(),
  blocks: z.array(Block),
});
export type SandboxView = z.infer<typeof SandboxView>;

/** GET /sandbox/views?user= */
export const ViewsQuery = z.object({ user: UserId.optional() });
export const Views = z.object({ views: z.array(SandboxView) });
export type Views = z.infer<typeof Views>;

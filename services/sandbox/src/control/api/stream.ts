import { z } from "zod";
import { SessionStatus, ThreadMessage } from "../thread-message.ts";
import { ChannelId, Ts } from "./names.ts";
import { SandboxView } from "./views.ts";

// GET /sandbox/stream?channel=&threadTs= : server-sent events

/** Without a filter: everything. `threadTs` needs `channel`. Resume with `Last-Event-ID` or `lastEventId=`. */
export const StreamQuery = z.object({
  channel: ChannelId.optional(),
  threadTs: Ts.optional(),
  lastEventId: z.string().optional(),
});

/**
 * `data:` of one server-sent event; the SSE `event:` field is not used, `id:` is. An item always carries the whole new
 * state of what changed, so a client replaces by (channel, ts). `reset` comes first when what happened since
 * `Last-Event-ID` is no longer known: fetch the thread again.
 */
export const StreamItem = z.discriminatedUnion("type", [
  z.object({ type: z.literal("reset") }),
  z.object({
    type: z.literal("message"),
    change: z.enum(["posted", "updated", "streamed", "reaction"]),
    message: ThreadMessage,
  }),
  z.object({ type: z.literal("ephemeral"), message: ThreadMessage }),
  z.object({
    type: z.literal("deleted"),
    channel: z.string(),
    ts: z.string(),
    threadTs: z.string().nullable(),
  }),
  z.object({ type: z.literal("session"), session: SessionStatus }),
  z.object({ type: z.literal("view"), view: SandboxView, closed: z.boolean() }),
]);
export type StreamItem = z.infer<typeof StreamItem>;

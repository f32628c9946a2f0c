import { z } from "zod";

/** A Block Kit block as the app sent it; only `type` is known for sure. */
export const Block = z.looseObject({ type: z.string() });
export type Block = z.infer<typeof Block>;

export const StreamTask = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(["pending", "in_progress", "complete", "error"]),
  details: z.string().optional(),
  output: z.string().optional(),
  sources: z.array(z.looseObject({ type: z.literal("url"), url: z.string() })).optional(),
});
export type StreamTask = z.infer<typeof StreamTask>;

/** What a streamed message consists of, in the order it arrived. A `task` part points into `tasks`. */
export const StreamPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("markdown"), text: z.string() }),
  z.object({ type: z.literal("task"), id: z.string() }),
  z.object({ type: z.literal("blocks"), blocks: z.array(Block) }),
]);
export type StreamPart = z.infer<typeof StreamPart>;

export const StreamView = z.object({
  /** `errored`: the stream outlived Slack's limit; the message looks broken until the app updates it. */
  state: z.enum(["in_progress", "completed", "errored"]),
  /** `plan`: all tasks in one card at the place of the first; `timeline`: each task where it arrived. */
  displayMode: z.enum(["plan", "timeline"]),
  planTitle: z.string().nullable(),
  tasks: z.array(StreamTask),
  parts: z.array(StreamPart),
  startedAt: z.number().describe("Milliseconds since the epoch."),
});
export type StreamView = z.infer<typeof StreamView>;

export const Reaction = z.object({ name: z.string(), users: z.array(z.string()), count: z.number() });
export type Reaction = z.infer<typeof Reaction>;

export const MessageFile = z.looseObject({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  mimetype: z.string(),
  size: z.number(),
  /** Needs the bot token. */
  url_private: z.string(),
  /** The same bytes for the page, without a token. */
  pageUrl: z.string(),
});
export type MessageFile = z.infer<typeof MessageFile>;

/** A message as a person sees it in a thread. */
export const ThreadMessage = z.object({
  channel: z.string(),
  ts: z.string(),
  /** The root's ts; null for a message that is no reply. A root with replies keeps null. */
  threadTs: z.string().nullable(),
  user: z.string(),
  userName: z.string(),
  isBot: z.boolean(),
  /** The author's team; differs from the workspace's for a Slack Connect user. */
  team: z.string(),
  subtype: z.string().nullable(),
  /** Wire text (mrkdwn, `&lt;` escapes, `<@U…>`). For streamed messages: the Markdown so far. */
  text: z.string(),
  /** Blocks the app sent (for a streamed message: those given to `chat.stopStream`). Person's rich_text is left out. */
  blocks: z.array(Block),
  attachments: z.array(z.looseObject({})),
  /** Markdown given as `markdown_text` (posted or streamed), else null. */
  markdown: z.string().nullable(),
  /** Null unless the message is or was streamed and was not replaced by `chat.update` since. */
  stream: StreamView.nullable(),
  metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).nullable(),
  reactions: z.array(Reaction),
  files: z.array(MessageFile),
  editedAt: z.string().nullable(),
  /** Only this user sees the message; null for everybody. Ephemerals are never part of Slack's history. */
  ephemeralTo: z.string().nullable(),
  replyCount: z.number(),
  replyUsers: z.array(z.string()),
  latestReply: z.string().nullable(),
});
export type ThreadMessage = z.infer<typeof ThreadMessage>;

/** What Slack shows about the agent's session in one thread. */
export const SessionStatus = z.object({
  channel: z.string(),
  threadTs: z.string(),
  /** From `agents.sessions.setStatus`; null when the app never set one. */
  status: z.enum(["active", "processing", "suspended", "closed"]).nullable(),
  title: z.string().nullable(),
  /** Who may be named as the starter; null when unknown. */
  initiator: z.string().nullable(),
  /** True while Slack would show its own Stop button. */
  canStop: z.boolean(),
  /** From `assistant.threads.setStatus`: the "is thinking…" line; empty when there is none. */
  statusText: z.string(),
  loadingMessages: z.array(z.string()),
});
export type SessionStatus = z.infer<typeof SessionStatus>;

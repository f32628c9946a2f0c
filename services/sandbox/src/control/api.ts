import { z } from "zod";
import { Block, SessionStatus, ThreadMessage } from "./thread-message.ts";

export * from "./thread-message.ts";

/*
 * The control API under /sandbox: what a person (the page), `say` and tests do with the Slack stand-in. Every request
 * body is one of the schemas below. A wrong body is answered 400 with `ControlError`.
 */

const Ts = z.string().regex(/^\d{10}\.\d{6}$/, "must look like 1700000000.000100");
const UserId = z.string().min(1).describe("User id or, for convenience, a user name such as ada.");
const ChannelId = z.string().min(1).describe("Channel id or name (with or without #); @ada or a D… id for the DM.");

export const ControlError = z.object({ ok: z.literal(false), error: z.string() });
export type ControlError = z.infer<typeof ControlError>;

// --- GET /sandbox/state ---

export const SandboxUser = z.object({
  id: z.string(),
  team: z.string(),
  /** Handle, as in `@ada`. */
  name: z.string(),
  realName: z.string(),
  displayName: z.string(),
  email: z.string().nullable(),
  isBot: z.boolean(),
  /** True for somebody of another team who shares a channel through Slack Connect. */
  isExternal: z.boolean(),
});
export type SandboxUser = z.infer<typeof SandboxUser>;

export const SandboxChannel = z.object({
  id: z.string(),
  name: z.string().describe("Without #. For a DM: the name of the person."),
  kind: z.enum(["channel", "im"]),
  members: z.array(z.string()),
  isShared: z.boolean().describe("True for a Slack Connect channel."),
});
export type SandboxChannel = z.infer<typeof SandboxChannel>;

export const SandboxState = z.object({
  team: z.object({ id: z.string(), name: z.string(), domain: z.string() }),
  botUser: z.object({ id: z.string(), botId: z.string(), appId: z.string(), name: z.string() }),
  users: z.array(SandboxUser),
  channels: z.array(SandboxChannel),
  delivery: z.object({
    mode: z.enum(["http", "socket"]),
    eventsUrl: z.string(),
    /** Open Socket Mode connections. */
    connections: z.number(),
  }),
});
export type SandboxState = z.infer<typeof SandboxState>;

// --- what people do ---

/** What became of one push to the app, as far as known when the answer was written. */
export const DeliveryResult = z.object({
  eventId: z.string().describe("Event id; for interactivity an id of the sandbox's own."),
  type: z.string().describe("`app_mention`, `message.channels`, `message.im`, `block_actions`, …"),
  /** `pending`: not answered yet, or waiting for a retry. `failed`: all attempts were refused. */
  status: z.enum(["accepted", "pending", "failed"]),
  /** One per attempt: HTTP status, 200 for a socket acknowledgement, 0 for no answer. */
  statuses: z.array(z.number()),
});
export type DeliveryResult = z.infer<typeof DeliveryResult>;

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

// --- what people see ---

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

// --- GET /sandbox/stream?channel=&threadTs= : server-sent events ---

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

// --- GET /sandbox/ledger?channel=&threadTs=&method= ---

export const LedgerQuery = z.object({
  channel: ChannelId.optional(),
  threadTs: Ts.optional(),
  method: z.string().optional(),
});

export const LedgerCall = z.object({
  seq: z.number(),
  method: z.string(),
  at: z.number().describe("Milliseconds since the epoch."),
  /** Decoded arguments, without the token. */
  args: z.record(z.string(), z.unknown()),
  httpStatus: z.number().describe("0 when a fault kept the answer back."),
  response: z.record(z.string(), z.unknown()),
  channel: z.string().nullable(),
  threadTs: z.string().nullable(),
});
export type LedgerCall = z.infer<typeof LedgerCall>;

export const LedgerDelivery = z.object({
  eventId: z.string(),
  type: z.string(),
  at: z.number(),
  attempts: z.number(),
  statuses: z.array(z.number()),
  status: DeliveryResult.shape.status,
  channel: z.string().nullable(),
  threadTs: z.string().nullable(),
});
export type LedgerDelivery = z.infer<typeof LedgerDelivery>;

export const Ledger = z.object({ calls: z.array(LedgerCall), deliveries: z.array(LedgerDelivery) });
export type Ledger = z.infer<typeof Ledger>;

// --- GET /sandbox/model-requests?sessionKey= ---

export const ModelRequestsQuery = z.object({ sessionKey: z.string().optional() });

/** Requests to the Claude stand-in, oldest first. */
export const ModelRequests = z.object({
  requests: z.array(
    z.object({
      at: z.number().describe("Milliseconds since the epoch."),
      model: z.string(),
      status: z.number(),
      sessionKey: z.string().nullable(),
    }),
  ),
});
export type ModelRequests = z.infer<typeof ModelRequests>;

// --- GET /sandbox/pushes, /sandbox/pull-requests, /sandbox/object-writes ---

/** Every ref that was pushed with git, oldest first; 40 zeros stand for "was not there" and "is gone". */
export const Pushes = z.object({
  pushes: z.array(
    z.object({
      owner: z.string(),
      repo: z.string(),
      ref: z.string(),
      old: z.string(),
      new: z.string(),
      at: z.number(),
    }),
  ),
});
export type Pushes = z.infer<typeof Pushes>;

/** Newest first. */
export const PullRequests = z.object({
  pullRequests: z.array(
    z.object({
      owner: z.string(),
      repository: z.string(),
      number: z.number(),
      state: z.enum(["open", "closed"]),
      head: z.string(),
      base: z.string(),
      createdAt: z.string(),
    }),
  ),
});
export type PullRequests = z.infer<typeof PullRequests>;

/** Requests that change objects, oldest first; `status` is null when a fault kept the answer back. */
export const ObjectWrites = z.object({
  writes: z.array(z.object({ method: z.string(), url: z.string(), status: z.number().nullable(), at: z.number() })),
});
export type ObjectWrites = z.infer<typeof ObjectWrites>;

// --- POST, GET, DELETE /sandbox/faults ---

export const StandInName = z.enum(["slack", "github", "claude", "gcs"]);
export type StandInName = z.infer<typeof StandInName>;

export const FaultKind = z.enum([
  "error", // ok:false with `error`; Slack only
  "status", // answered with `status`, nothing happened; not Slack
  "429", // with Retry-After
  "429-without-header", // Slack only
  "500", // nothing happened
  "500-after-effect", // it happened, the answer is lost (Claude: the stream breaks with an error)
  "timeout", // never answered, nothing happened
  "disconnect", // connection cut, nothing happened
]);
export type FaultKind = z.infer<typeof FaultKind>;

/**
 * Makes the next `count` requests to a stand-in fail: of any kind, or of the one that `method`, `match` or `sessionKey`
 * names. Faults are used up in the order they were given.
 */
export const InjectFault = z.strictObject({
  standIn: StandInName.default("slack"),
  method: z.string().optional().describe("Slack: a method such as chat.postMessage."),
  match: z.string().optional().describe("GitHub and GCS: part of `METHOD /path?query`."),
  sessionKey: z.string().optional().describe("Claude: requests of this session alone."),
  status: z.number().int().min(400).max(599).default(500).describe("For `status`."),
  cutAfterMs: z.number().int().min(0).max(600_000).optional().describe("For `timeout`: the connection is cut then."),
  kind: FaultKind,
  error: z.string().optional().describe("For `error`: the code, such as missing_scope. Default internal_error."),
  count: z.number().int().min(1).max(1000).default(1),
  retryAfterSeconds: z.number().int().min(0).max(3600).default(1),
});
export type InjectFault = z.input<typeof InjectFault>;

/** Those that wait for their request: Slack's, and how many of each stand-in. */
export const Faults = z.object({ faults: z.array(InjectFault), pending: z.record(StandInName, z.number()) });
export type Faults = z.infer<typeof Faults>;

/** POST /sandbox/socket-disconnects: ends every Socket Mode connection, politely or not. */
export const DisconnectSockets = z.strictObject({
  reason: z.enum(["refresh_requested", "warning", "link_disabled", "abrupt"]).default("refresh_requested"),
});
export type DisconnectSockets = z.input<typeof DisconnectSockets>;

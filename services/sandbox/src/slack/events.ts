import type { AgentSession, Conversation, Message } from "./model.ts";
import { type WireContext, wireMessage } from "./wire-message.ts";
import type { Workspace } from "./workspace.ts";

type Wire = Record<string, unknown>;

/** An event to tell the app, and what it is about. */
export interface Told {
  /** Subscription name: `app_mention`, `message.channels`, … */
  label: string;
  event: Wire;
  channel: string | null;
  threadTs: string | null;
  /** Who caused it; decides which team the envelope names. */
  author: string;
}

/** What an app usually subscribes to. */
export const ALL_EVENTS: ReadonlySet<string> = new Set([
  "app_mention",
  "message.channels",
  "message.im",
  "reaction_added",
  "reaction_removed",
  "app_home_opened",
  "agent_session_stopped",
  "agent_session_title_changed",
  "member_joined_channel",
]);

/** Somebody, or the app itself, said something: in channels a mention comes as two events. */
export function messagePosted(message: Message, context: WireContext): Told[] {
  const conversation = audibleConversation(message.channel, context.workspace);
  if (conversation === undefined) return [];
  const { workspace } = context;
  const wire = { ...wireMessage(message, context), channel: message.channel, event_ts: message.ts };
  const plain = told(labelOf(conversation), { ...wire, channel_type: typeOf(conversation) }, message);
  const isMention = message.text.includes(`<@${workspace.state.bot.userId}>`) && !workspace.isBot(message.user);
  if (!isMention || conversation.kind === "im") return [plain];
  return [told("app_mention", { ...wire, type: "app_mention" }, message), plain];
}

/** @param previous the message as it was, from `wireMessage` */
export function messageChanged(message: Message, previous: Wire, context: WireContext): Told[] {
  return hidden(
    "message_changed",
    message,
    { message: wireMessage(message, context), previous_message: previous },
    context,
  );
}

export function messageDeleted(message: Message, previous: Wire, context: WireContext): Told[] {
  return hidden("message_deleted", message, { deleted_ts: message.ts, previous_message: previous }, context);
}

function hidden(subtype: string, message: Message, fields: Wire, { workspace }: WireContext): Told[] {
  const conversation = audibleConversation(message.channel, workspace);
  if (conversation === undefined) return [];
  const ts = workspace.nextTs();
  const place = { channel: message.channel, channel_type: typeOf(conversation) };
  const event = { type: "message", subtype, hidden: true, ...fields, ...place, ts, event_ts: ts };
  return [told(labelOf(conversation), event, message)];
}

export function reactionChanged(
  message: Message,
  { user, name, isAdded }: { user: string; name: string; isAdded: boolean },
  workspace: Workspace,
): Told[] {
  if (audibleConversation(message.channel, workspace) === undefined) return [];
  const type = isAdded ? "reaction_added" : "reaction_removed";
  const item = { type: "message", channel: message.channel, ts: message.ts };
  const event = { type, user, reaction: name, item, item_user: message.user, event_ts: workspace.nextTs() };
  return [{ ...told(type, event, message), author: user }];
}

/** Somebody came in: the message everybody sees, and the event. */
export function memberJoined(message: Message, context: WireContext): Told[] {
  const { workspace } = context;
  const event = {
    type: "member_joined_channel",
    user: message.user,
    channel: message.channel,
    channel_type: "C",
    team: workspace.state.team.id,
    event_ts: workspace.nextTs(),
  };
  return [...messagePosted(message, context), told("member_joined_channel", event, message)];
}

export function sessionStopped(
  session: Pick<AgentSession, "channel" | "threadTs">,
  { user, streaming }: { user: string; streaming: readonly string[] },
  workspace: Workspace,
): Told[] {
  const { channel, threadTs } = session;
  const place = { channel, user, thread_ts: threadTs, streaming_message_ts: streaming };
  const event = { type: "agent_session_stopped", ...place, event_ts: workspace.nextTs() };
  return [{ label: "agent_session_stopped", event, channel, threadTs, author: user }];
}

export function titleChanged(
  session: AgentSession,
  previous: string | null,
  user: string,
  workspace: Workspace,
): Told[] {
  const { channel, threadTs, title } = session;
  const event = {
    type: "agent_session_title_changed",
    channel,
    user,
    team_id: workspace.state.team.id,
    thread_ts: threadTs,
    title,
    ...(previous === null ? {} : { previous_title: previous }),
    event_ts: workspace.nextTs(),
  };
  return [{ label: "agent_session_title_changed", event, channel, threadTs, author: user }];
}

export function homeOpened(user: string, tab: "home" | "messages", view: Wire | null, workspace: Workspace): Told[] {
  const channel = workspace.directMessage(user)?.id ?? null;
  const event = {
    type: "app_home_opened",
    user,
    channel,
    tab,
    ...(view === null ? {} : { view }),
    event_ts: workspace.nextTs(),
  };
  return [{ label: "app_home_opened", event, channel, threadTs: null, author: user }];
}

/** The envelope around an event. For a Slack Connect author `team_id` is the author's team, not ours. */
export function eventEnvelope({ event, author, channel }: Told, eventId: string, workspace: Workspace): Wire {
  const { team, bot } = workspace.state;
  return {
    token: "sandbox-verification-token",
    team_id: workspace.person(author)?.team ?? team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: bot.appId,
    event,
    type: "event_callback",
    event_id: eventId,
    event_time: Math.floor(workspace.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team.id, user_id: bot.userId, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: channel !== null && (workspace.conversation(channel)?.isShared ?? false),
    event_context: `4-${eventId.toLowerCase()}`,
  };
}

/** The conversation when the app is a member; Slack says nothing about others. */
function audibleConversation(channel: string, workspace: Workspace): Conversation | undefined {
  const conversation = workspace.conversation(channel);
  return conversation?.members.includes(workspace.state.bot.userId) ? conversation : undefined;
}

function told(label: string, event: Wire, message: Message): Told {
  return { label, event, channel: message.channel, threadTs: message.threadTs ?? message.ts, author: message.user };
}

function labelOf({ kind }: Conversation): string {
  return kind === "im" ? "message.im" : "message.channels";
}

function typeOf({ kind }: Conversation): string {
  return kind === "im" ? "im" : "channel";
}

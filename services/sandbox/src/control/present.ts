import type { AgentSession, Conversation, Message, Person, View } from "../slack/model.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { wireBlocks, wireFile } from "../slack/wire-message.ts";
import type { SandboxChannel, SandboxState, SandboxUser, SandboxView, SessionStatus, ThreadMessage } from "./api.ts";
import { MessageFile } from "./thread-message.ts";

/** The whole sandbox at a glance. */
export function presentState({ workspace, delivery, sockets }: SlackStandIn): SandboxState {
  const { team, bot, people, conversations } = workspace.state;
  return {
    team,
    botUser: { id: bot.userId, botId: bot.botId, appId: bot.appId, name: workspace.person(bot.userId)?.name ?? "" },
    users: people.map((person) => presentUser(person, team.id)),
    channels: conversations.map((conversation) => presentChannel(conversation)),
    delivery: { ...delivery, connections: sockets.connectionCount() },
  };
}

function presentUser({ id, team, name, realName, displayName, email, isBot }: Person, ownTeam: string): SandboxUser {
  return { id, team, name, realName, displayName, email, isBot, isExternal: team !== ownTeam };
}

function presentChannel({ id, name, kind, members, isShared }: Conversation): SandboxChannel {
  return { id, name, kind, members, isShared };
}

/** The message as people see it, cut loose from the workspace: later changes do not reach it. */
export function presentMessage(message: Message, { workspace, services }: SlackStandIn): ThreadMessage {
  const replies =
    message.threadTs === null && message.ephemeralTo === null ? workspace.replies(message.channel, message.ts) : [];
  const files = message.files.map((id) => workspace.file(id)).filter((file) => file !== undefined);
  return structuredClone({
    channel: message.channel,
    ts: message.ts,
    threadTs: message.threadTs,
    user: message.user,
    userName: message.username ?? workspace.person(message.user)?.displayName ?? message.user,
    isBot: workspace.isBot(message.user),
    team: message.team,
    subtype: message.subtype,
    text: message.text,
    blocks: message.blocks.map((block, index) => ({ ...block, block_id: blockIdOf(message, index) })),
    attachments: message.attachments,
    markdown: message.stream === null ? message.markdown : message.text,
    stream: message.stream === null ? null : presentStream(message.stream),
    metadata: message.metadata,
    reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })),
    files: files.map((file) =>
      MessageFile.parse({
        ...wireFile(file, services.addresses),
        pageUrl: `/sandbox/files/${file.id}/${encodeURIComponent(file.name)}`,
      }),
    ),
    editedAt: message.edited?.ts ?? null,
    ephemeralTo: message.ephemeralTo,
    replyCount: replies.length,
    replyUsers: [...new Set(replies.map(({ user }) => user))],
    latestReply: replies.at(-1)?.ts ?? null,
  });
}

function blockIdOf(message: Message, index: number): string {
  return String(wireBlocks(message).at(index - message.blocks.length)?.block_id);
}

function presentStream(stream: NonNullable<Message["stream"]>): NonNullable<ThreadMessage["stream"]> {
  const { state, displayMode, planTitle, tasks, parts, startedAt } = stream;
  return { state, displayMode, planTitle, tasks, parts, startedAt };
}

export function presentSession(session: AgentSession, { dispatch }: SlackStandIn): SessionStatus {
  const { statusTextUntil: _, ...rest } = session;
  const canStop = session.status === "processing" && dispatch.isSubscribed("agent_session_stopped");
  return structuredClone({ ...rest, canStop });
}

export function presentView({ id, user, kind, body }: View): SandboxView {
  return structuredClone({
    id,
    user,
    kind,
    title: plainText(body.title) ?? "",
    submit: plainText(body.submit),
    callbackId: typeof body.callback_id === "string" ? body.callback_id : "",
    privateMetadata: typeof body.private_metadata === "string" ? body.private_metadata : "",
    blocks: body.blocks.map((block, index) => ({ ...block, block_id: block.block_id ?? `b${index}` })),
  });
}

function plainText(value: unknown): string | null {
  const text = typeof value === "object" && value !== null ? Reflect.get(value, "text") : undefined;
  return typeof text === "string" ? text : null;
}

import type { Block, Message, StoredFile } from "./model.ts";
import type { Addresses } from "./services.ts";
import { blocksOf } from "./streams.ts";
import type { Workspace } from "./workspace.ts";

type Wire = Record<string, unknown>;

export interface WireContext {
  workspace: Workspace;
  addresses: Addresses;
}

/** The message as Slack's API and events show it. */
export function wireMessage(message: Message, context: WireContext, { withMetadata = false } = {}): Wire {
  const { workspace } = context;
  return {
    type: "message",
    ...(message.subtype === null ? {} : { subtype: message.subtype }),
    user: message.user,
    ts: message.ts,
    ...(message.clientMsgId === null ? {} : { client_msg_id: message.clientMsgId }),
    text: message.text,
    team: message.team,
    ...(message.team === workspace.state.team.id ? {} : { user_team: message.team, source_team: message.team }),
    ...botFields(message, context),
    ...threadFields(message, workspace),
    ...contentFields(message, context),
    ...(message.stream === null ? {} : { streaming_state: message.stream.state }),
    ...(withMetadata && message.metadata !== null ? { metadata: message.metadata } : {}),
  };
}

function contentFields(message: Message, context: WireContext): Wire {
  const blocks = wireBlocks(message);
  const files = message.files.map((id) => context.workspace.file(id)).filter((file) => file !== undefined);
  return {
    ...(blocks.length === 0 ? {} : { blocks }),
    ...(message.attachments.length === 0 ? {} : { attachments: message.attachments }),
    ...(files.length === 0 ? {} : { files: files.map((file) => wireFile(file, context.addresses)) }),
    ...(message.edited === null ? {} : { edited: message.edited }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }),
  };
}

/** All blocks with the block ids Slack gives to those that came without. */
export function wireBlocks(message: Message): Wire[] {
  const streamed = message.stream === null ? [] : blocksOf(message.stream);
  const markdown: Block[] =
    message.markdown === null || message.stream !== null ? [] : [{ type: "markdown", text: message.markdown }];
  const typed = message.richText === null ? [] : [message.richText];
  return [...streamed, ...markdown, ...typed, ...message.blocks].map((block, index) => ({
    ...block,
    block_id: block.block_id ?? `b${index}`,
  }));
}

function botFields(message: Message, { workspace }: WireContext): Wire {
  if (!workspace.isBot(message.user)) return {};
  const { botId, appId } = workspace.state.bot;
  return {
    bot_id: botId,
    app_id: appId,
    bot_profile: {
      id: botId,
      app_id: appId,
      name: message.username ?? "Peerbot",
      deleted: false,
      team_id: message.team,
    },
    ...(message.username === null ? {} : { username: message.username }),
  };
}

function threadFields(message: Message, workspace: Workspace): Wire {
  if (message.threadTs !== null) {
    const parent = workspace.message(message.channel, message.threadTs);
    return { thread_ts: message.threadTs, ...(parent === undefined ? {} : { parent_user_id: parent.user }) };
  }
  if (message.ephemeralTo !== null) return {};
  const replies = workspace.replies(message.channel, message.ts);
  const latest = replies.at(-1);
  if (latest === undefined) return {};
  const users = [...new Set(replies.map(({ user }) => user))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    latest_reply: latest.ts,
    reply_users: users,
    is_locked: false,
    subscribed: workspace.isBot(message.user),
  };
}

export function wireFile(file: StoredFile, addresses: Addresses): Wire {
  const url = `${addresses.publicUrl()}/slack/files/${file.id}/${encodeURIComponent(file.name)}`;
  return {
    id: file.id,
    created: Math.floor(file.createdAt / 1000),
    timestamp: Math.floor(file.createdAt / 1000),
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.name.includes(".") ? file.name.slice(file.name.lastIndexOf(".") + 1) : "binary",
    user: file.user,
    size: file.size,
    mode: "hosted",
    is_external: false,
    is_public: true,
    url_private: url,
    url_private_download: `${url}?download=1`,
    permalink: url,
  };
}

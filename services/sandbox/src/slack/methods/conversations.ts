import { z } from "zod";
import { boolean, integer, names } from "../arguments.ts";
import { memberJoined } from "../events.ts";
import { type Answer, defineMethod } from "../method.ts";
import type { Conversation, Message } from "../model.ts";
import { paginate } from "../paginate.ts";
import { SlackFailure } from "../slack-failure.ts";
import { wireMessage } from "../wire-message.ts";
import type { Workspace } from "../workspace.ts";

const page = { cursor: z.string().optional(), limit: integer().pipe(z.number().min(1).max(1000)).optional() };
const span = {
  oldest: z.string().default("0"),
  latest: z.string().optional(),
  inclusive: boolean().default(false),
  include_all_metadata: boolean().default(false),
};

const replies = defineMethod({
  name: "conversations.replies",
  limit: "tier-3",
  args: z.object({ channel: z.string(), ts: z.string(), ...page, ...span }),
  run(args, services): Answer {
    const { workspace } = services;
    const channel = workspace.conversationOfBot(args.channel).id;
    const asked = workspace.mustBeMessage(channel, args.ts, "thread_not_found");
    const thread = asked.threadTs === null ? [asked, ...workspace.replies(channel, asked.ts)] : [asked];
    const root = thread.filter(({ ts }) => ts === args.ts || isWithin(ts, args));
    const { items, next } = paginate(root, { cursor: args.cursor, limit: args.limit ?? 1000 });
    return {
      messages: items.map((message) => wireMessage(message, services, { withMetadata: args.include_all_metadata })),
      has_more: next !== "",
      ...(next === "" ? {} : { response_metadata: { next_cursor: next } }),
    };
  },
});

const history = defineMethod({
  name: "conversations.history",
  limit: "tier-3",
  args: z.object({ channel: z.string(), ...page, ...span }),
  run(args, services): Answer {
    const channel = services.workspace.conversationOfBot(args.channel).id;
    const roots = services.workspace
      .roots(channel)
      .filter(({ ts }) => isWithin(ts, args))
      .reverse();
    const { items, next } = paginate(roots, { cursor: args.cursor, limit: args.limit ?? 100 });
    return {
      messages: items.map((message) => wireMessage(message, services, { withMetadata: args.include_all_metadata })),
      has_more: next !== "",
      pin_count: 0,
      ...(next === "" ? {} : { response_metadata: { next_cursor: next } }),
    };
  },
});

const info = defineMethod({
  name: "conversations.info",
  limit: "tier-3",
  args: z.object({ channel: z.string(), include_num_members: boolean().optional() }),
  run: ({ channel }, { workspace }) => ({
    channel: wireConversation(workspace.mustBeConversation(channel), workspace),
  }),
});

const list = defineMethod({
  name: "conversations.list",
  limit: "tier-2",
  args: z.object({ types: names().default(["public_channel"]), ...page }),
  run(args, { workspace }) {
    const wanted = workspace.state.conversations.filter(({ kind }) =>
      args.types.includes(kind === "im" ? "im" : "public_channel"),
    );
    const { items, next } = paginate(wanted, { cursor: args.cursor, limit: args.limit ?? 100 });
    return {
      channels: items.map((conversation) => wireConversation(conversation, workspace)),
      response_metadata: { next_cursor: next },
    };
  },
});

const open = defineMethod({
  name: "conversations.open",
  limit: "tier-3",
  args: z.object({
    users: names().optional(),
    channel: z.string().optional(),
    return_im: boolean().optional(),
  }),
  run({ users = [], channel: known, return_im }, { workspace }): Answer {
    const [user, ...others] = users;
    if (others.length > 0) throw new SlackFailure("method_not_supported_for_channel_type");
    const conversation =
      known === undefined ? workspace.directMessage(user ?? "") : workspace.mustBeConversation(known);
    if (conversation === undefined) throw new SlackFailure("user_not_found");
    const channel = return_im ? wireConversation(conversation, workspace) : { id: conversation.id };
    return { no_op: true, already_open: true, channel };
  },
});

const members = defineMethod({
  name: "conversations.members",
  limit: "tier-4",
  args: z.object({ channel: z.string(), ...page }),
  run(args, { workspace }) {
    const all = workspace.mustBeConversation(args.channel).members;
    const { items, next } = paginate(all, { cursor: args.cursor, limit: args.limit ?? 100 });
    return { members: items, response_metadata: { next_cursor: next } };
  },
});

const join = defineMethod({
  name: "conversations.join",
  limit: "tier-3",
  args: z.object({ channel: z.string() }),
  run(args, services): Answer {
    const { workspace, dispatch } = services;
    const conversation = workspace.mustBeConversation(args.channel);
    if (conversation.kind === "im") throw new SlackFailure("method_not_supported_for_channel_type");
    const { userId } = workspace.state.bot;
    const channel = () => wireConversation(conversation, workspace);
    if (conversation.members.includes(userId)) {
      return {
        channel: channel(),
        warning: "already_in_channel",
        response_metadata: { warnings: ["already_in_channel"] },
      };
    }
    conversation.members = [...conversation.members, userId];
    const text = `<@${userId}> has joined the channel`;
    const message: Message = workspace.post({ channel: conversation.id, user: userId, text, subtype: "channel_join" });
    dispatch.tell(memberJoined(message, services));
    return { channel: channel() };
  },
});

function isWithin(
  ts: string,
  { oldest, latest, inclusive }: { oldest: string; latest?: string | undefined; inclusive: boolean },
) {
  const at = Number(ts);
  const isEdge = at === Number(oldest) || (latest !== undefined && at === Number(latest));
  if (isEdge) return inclusive;
  return at > Number(oldest) && (latest === undefined || at < Number(latest));
}

function wireConversation(conversation: Conversation, workspace: Workspace): Answer {
  const { id, name, kind, members: everybody, isShared, createdAt } = conversation;
  const created = Math.floor(createdAt / 1000);
  const isMember = everybody.includes(workspace.state.bot.userId);
  if (kind === "im") {
    const user = everybody.find((member) => !workspace.isBot(member));
    return {
      id,
      created,
      is_im: true,
      is_channel: false,
      user,
      is_archived: false,
      is_org_shared: false,
      is_open: true,
    };
  }
  return {
    id,
    name,
    name_normalized: name,
    created,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_archived: false,
    is_general: name === "general",
    is_member: isMember,
    is_shared: isShared,
    is_ext_shared: isShared,
    is_org_shared: false,
    context_team_id: workspace.state.team.id,
    num_members: everybody.length,
    topic: { value: "", creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
  };
}

export const conversationMethods = [replies, history, info, list, open, members, join];

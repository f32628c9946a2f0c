import { z } from "zod";
import { Attachments, Blocks, boolean, json, Metadata } from "../arguments.ts";
import { messageChanged, messageDeleted, messagePosted } from "../events.ts";
import { type Content, checkContent, splitText } from "../message-content.ts";
import { defineMethod } from "../method.ts";
import type { Message } from "../model.ts";
import type { SlackServices } from "../services.ts";
import { SlackFailure } from "../slack-failure.ts";
import { wireMessage } from "../wire-message.ts";

const MAX_UPDATE_TEXT = 4_000;

const content = {
  text: z.string().optional(),
  markdown_text: z.string().optional(),
  blocks: Blocks.optional(),
  attachments: Attachments.optional(),
  metadata: Metadata.optional(),
};

const postMessage = defineMethod({
  name: "chat.postMessage",
  limit: "channel-second",
  args: z.object({
    channel: z.string(),
    thread_ts: z.string().optional(),
    username: z.string().optional(),
    reply_broadcast: boolean().optional(),
    ...content,
  }),
  run(args, services) {
    const { workspace } = services;
    const channel = workspace.conversationOfBot(args.channel).id;
    if (args.thread_ts !== undefined) mustBeThread(channel, args.thread_ts, services);
    const checked = checkContent(args);
    const [first, ...others] = partsOf(checked).map((part) =>
      workspace.post({
        ...part,
        channel,
        user: workspace.state.bot.userId,
        threadTs: args.thread_ts ?? null,
        subtype: args.username === undefined ? null : "bot_message",
        username: args.username ?? null,
      }),
    );
    if (first === undefined) throw new SlackFailure("no_text");
    for (const message of [first, ...others]) services.dispatch.tell(messagePosted(message, services));
    return { channel, ts: first.ts, message: wireMessage(first, services, { withMetadata: true }) };
  },
});

/** Only plain text is split; the metadata stays with the first part, whose ts is the answer. */
function partsOf(checked: Content): Content[] {
  if (checked.markdown !== null || checked.blocks.length > 0) return [checked];
  return splitText(checked.text).map((text, index) =>
    index === 0 ? { ...checked, text } : { ...checked, text, metadata: null, attachments: [] },
  );
}

const update = defineMethod({
  name: "chat.update",
  limit: "tier-3",
  args: z.object({ channel: z.string(), ts: z.string(), ...content }),
  run(args, services) {
    const { workspace } = services;
    const message = ownMessage(args, services, "cant_update_message");
    const checked = checkContent(args);
    if (checked.markdown === null && checked.text.length > MAX_UPDATE_TEXT) throw new SlackFailure("msg_too_long");
    const previous = wireMessage(message, services);
    const isStreamed = message.stream !== null;
    workspace.change(message, "updated", {
      text: checked.text,
      markdown: checked.markdown,
      // Left out means "as they were", but a streamed message is replaced whole.
      blocks: args.blocks === undefined && !isStreamed ? message.blocks : checked.blocks,
      attachments: args.attachments === undefined ? message.attachments : checked.attachments,
      metadata: args.metadata === undefined ? message.metadata : checked.metadata,
      stream: null,
      edited: { user: message.user, ts: workspace.nextTs() },
    });
    services.dispatch.tell(messageChanged(message, previous, services));
    const wire = wireMessage(message, services, { withMetadata: true });
    return { channel: message.channel, ts: message.ts, text: message.text, message: wire };
  },
});

const remove = defineMethod({
  name: "chat.delete",
  limit: "tier-3",
  args: z.object({ channel: z.string(), ts: z.string() }),
  run(args, services) {
    const message = ownMessage(args, services, "cant_delete_message");
    const previous = wireMessage(message, services);
    services.workspace.remove(message);
    services.dispatch.tell(messageDeleted(message, previous, services));
    return { channel: message.channel, ts: message.ts };
  },
});

const postEphemeral = defineMethod({
  name: "chat.postEphemeral",
  limit: "tier-4",
  args: z.object({ channel: z.string(), user: z.string(), thread_ts: z.string().optional(), ...content }),
  run(args, { workspace }) {
    const { id: channel, members } = workspace.conversationOfBot(args.channel);
    if (!members.includes(args.user)) throw new SlackFailure("user_not_in_channel");
    const message = workspace.postEphemeral({
      ...checkContent(args),
      channel,
      user: workspace.state.bot.userId,
      threadTs: args.thread_ts ?? null,
      ephemeralTo: args.user,
    });
    return { message_ts: message.ts };
  },
});

const getPermalink = defineMethod({
  name: "chat.getPermalink",
  limit: "none",
  args: z.object({ channel: z.string(), message_ts: z.string() }),
  run({ channel, message_ts }, { workspace, addresses }) {
    const { id } = workspace.mustBeConversation(channel);
    const { ts, threadTs } = workspace.mustBeMessage(id, message_ts);
    const thread = threadTs === null ? "" : `?thread_ts=${threadTs}&cid=${id}`;
    return { channel: id, permalink: `${addresses.publicUrl()}/archives/${id}/p${ts.replace(".", "")}${thread}` };
  },
});

const unfurl = defineMethod({
  name: "chat.unfurl",
  limit: "tier-3",
  args: z.object({
    channel: z.string(),
    ts: z.string(),
    unfurls: json(z.record(z.string(), z.looseObject({}))).optional(),
    metadata: json(z.looseObject({ entities: z.array(z.looseObject({})) })).optional(),
  }),
  run(args, services) {
    const { workspace } = services;
    const message = workspace.mustBeMessage(
      workspace.conversationOfBot(args.channel).id,
      args.ts,
      "cannot_find_message",
    );
    if (args.unfurls === undefined && args.metadata === undefined) throw new SlackFailure("missing_unfurls");
    const previous = wireMessage(message, services);
    const links = Object.entries(args.unfurls ?? {}).map(([url, card]) => ({ ...card, from_url: url }));
    const entities = (args.metadata?.entities ?? []).map((entity) => ({ entity }));
    workspace.change(message, "updated", { attachments: [...message.attachments, ...links, ...entities] });
    services.dispatch.tell(messageChanged(message, previous, services));
    return {};
  },
});

/** @throws SlackFailure thread_not_found */
export function mustBeThread(channel: string, threadTs: string, { workspace }: SlackServices): Message {
  return workspace.mustBeMessage(channel, threadTs, "thread_not_found");
}

/** @throws SlackFailure message_not_found, or `code` when somebody else wrote it */
export function ownMessage(
  args: { channel: string; ts: string },
  { workspace }: SlackServices,
  code: "cant_update_message" | "cant_delete_message" | "message_not_owned_by_app",
): Message {
  const message = workspace.mustBeMessage(workspace.conversationOfBot(args.channel).id, args.ts);
  if (!workspace.isBot(message.user)) throw new SlackFailure(code);
  return message;
}

export const chatMethods = [postMessage, update, remove, postEphemeral, getPermalink, unfurl];

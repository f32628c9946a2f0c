import { z } from "zod";
import { Blocks, json, Metadata } from "../arguments.ts";
import { messageChanged, messagePosted } from "../events.ts";
import { type Answer, defineMethod } from "../method.ts";
import type { Message } from "../model.ts";
import type { SlackServices } from "../services.ts";
import { SlackFailure } from "../slack-failure.ts";
import { appendToStream, type Chunk, markdownOf, mustBeStreaming, newStream } from "../streams.ts";
import { validateBlocks } from "../validate-blocks.ts";
import { wireMessage } from "../wire-message.ts";
import { Status, setSessionStatus } from "./agents.ts";
import { mustBeThread, ownMessage } from "./chat.ts";

const MAX_CALL_TEXT = 12_000;

const ChunkArgument = z.discriminatedUnion("type", [
  z.object({ type: z.literal("markdown_text"), text: z.string() }),
  z.object({
    type: z.literal("task_update"),
    id: z.string().min(1),
    title: z.string(),
    status: z.enum(["pending", "in_progress", "complete", "error"]),
    details: z.string().optional(),
    output: z.string().optional(),
    sources: z.array(z.looseObject({ type: z.literal("url"), url: z.string() })).optional(),
  }),
  z.object({ type: z.literal("plan_update"), title: z.string() }),
  z.object({ type: z.literal("blocks"), blocks: z.array(z.unknown()).max(50) }),
]);

const Chunks = json(z.array(ChunkArgument).max(50));

const start = defineMethod({
  name: "chat.startStream",
  limit: "tier-2",
  args: z.object({
    channel: z.string(),
    thread_ts: z.string(),
    markdown_text: z.string().optional(),
    chunks: Chunks.optional(),
    recipient_user_id: z.string().optional(),
    recipient_team_id: z.string().optional(),
    task_display_mode: z.enum(["plan", "timeline"]).default("timeline"),
    username: z.string().optional(),
  }),
  run(args, services) {
    const { workspace } = services;
    const conversation = workspace.conversationOfBot(args.channel);
    const { threadTs, ts } = mustBeThread(conversation.id, args.thread_ts, services);
    if (conversation.kind === "channel") checkRecipient(args, conversation.members, services);
    const empty = newStream({
      displayMode: args.task_display_mode,
      startedAt: workspace.now(),
      recipient: args.recipient_user_id ?? null,
    });
    const stream = appendToStream(empty, inputOf(args));
    const message = workspace.post({
      channel: conversation.id,
      user: workspace.state.bot.userId,
      threadTs: threadTs ?? ts,
      text: markdownOf(stream),
      username: args.username ?? null,
      stream,
    });
    services.streamExpiry.watch(message);
    services.dispatch.tell(messagePosted(message, services));
    return { channel: message.channel, ts: message.ts };
  },
});

const append = defineMethod({
  name: "chat.appendStream",
  limit: "tier-4",
  args: z.object({
    channel: z.string(),
    ts: z.string(),
    markdown_text: z.string().optional(),
    chunks: Chunks.optional(),
  }),
  run(args, services) {
    const message = ownMessage(args, services, "message_not_owned_by_app");
    const current = mustBeStreaming(message.stream);
    if (args.markdown_text === undefined && args.chunks === undefined) throw new SlackFailure("no_text");
    const stream = appendToStream(current, inputOf(args));
    services.workspace.change(message, "streamed", { stream, text: markdownOf(stream) });
    return { channel: message.channel, ts: message.ts };
  },
});

const stop = defineMethod({
  name: "chat.stopStream",
  limit: "tier-2",
  args: z.object({
    channel: z.string(),
    ts: z.string(),
    markdown_text: z.string().optional(),
    chunks: Chunks.optional(),
    blocks: Blocks.optional(),
    metadata: Metadata.optional(),
    session_status: Status.optional(),
  }),
  run(args, services): Answer {
    const { workspace, dispatch } = services;
    const message = ownMessage(args, services, "message_not_owned_by_app");
    const current = mustBeStreaming(message.stream);
    const blocks = validateBlocks(args.blocks ?? []);
    const stream = { ...appendToStream(current, inputOf(args)), state: "completed" as const };
    const previous = wireMessage(message, services);
    const metadata = args.metadata ?? message.metadata;
    workspace.change(message, "streamed", { stream, blocks, metadata, text: markdownOf(stream) });
    dispatch.tell(messageChanged(message, previous, services));
    settleSession(message, args.session_status ?? "active", services);
    return {
      channel: message.channel,
      ts: message.ts,
      message: wireMessage(message, services, { withMetadata: true }),
    };
  },
});

/** Stopping a stream sets the status of the thread's session, when there is one: back to active unless told. */
function settleSession({ channel, threadTs }: Message, status: z.infer<typeof Status>, services: SlackServices): void {
  const session = threadTs === null ? undefined : services.workspace.session(channel, threadTs);
  if (session != null && session.status !== null && threadTs !== null) {
    setSessionStatus({ channel, threadTs, status }, services);
  }
}

/** In channels Slack must know for whom the stream is. */
function checkRecipient(
  args: { recipient_user_id?: string | undefined; recipient_team_id?: string | undefined },
  members: readonly string[],
  { workspace }: SlackServices,
): void {
  if (args.recipient_user_id === undefined) throw new SlackFailure("missing_recipient_user_id");
  if (args.recipient_team_id === undefined) throw new SlackFailure("missing_recipient_team_id");
  const person = workspace.person(args.recipient_user_id);
  if (person === undefined || !members.includes(person.id)) throw new SlackFailure("invalid_recipient_user_id");
  if (person.team !== args.recipient_team_id) throw new SlackFailure("invalid_recipient_team_id");
}

function inputOf(args: { markdown_text?: string | undefined; chunks?: z.infer<typeof Chunks> | undefined }) {
  if ((args.markdown_text ?? "").length > MAX_CALL_TEXT) throw new SlackFailure("msg_too_long");
  return { markdownText: args.markdown_text, chunks: args.chunks?.map((chunk) => checkChunk(chunk)) };
}

function checkChunk(chunk: z.infer<typeof ChunkArgument>): Chunk {
  if (chunk.type === "blocks") return { type: "blocks", blocks: validateBlocks(chunk.blocks) };
  if (chunk.type === "markdown_text" && chunk.text.length > MAX_CALL_TEXT) throw new SlackFailure("msg_too_long");
  return chunk as Chunk;
}

export const chatStreamMethods = [start, append, stop];

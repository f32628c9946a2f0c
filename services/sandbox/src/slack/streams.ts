import type { Block, Stream, StreamTask } from "./model.ts";
import { explainedFailure, SlackFailure } from "./slack-failure.ts";

/** Measured by other teams, not documented: a stream ends about five minutes after its start, busy or not. */
export const STREAM_LIFETIME_MS = 300_000;
const MAX_STREAM_BYTES = 11_000;
const MAX_STREAM_TASKS = 50;

export type Chunk =
  | { type: "markdown_text"; text: string }
  | ({ type: "task_update" } & StreamTask)
  | { type: "plan_update"; title: string }
  | { type: "blocks"; blocks: Block[] };

export interface StreamInput {
  markdownText: string | undefined;
  chunks: readonly Chunk[] | undefined;
}

export function newStream(fields: Pick<Stream, "displayMode" | "startedAt" | "recipient">): Stream {
  return { state: "in_progress", mode: null, planTitle: null, tasks: [], parts: [], ...fields };
}

/**
 * The stream after one more call's content; the old one stays as it was.
 * @throws SlackFailure cannot_provide_both_markdown_text_and_chunks, streaming_mode_mismatch, msg_too_long
 */
export function appendToStream(stream: Stream, { markdownText, chunks }: StreamInput): Stream {
  if (markdownText !== undefined && chunks !== undefined) {
    throw new SlackFailure("cannot_provide_both_markdown_text_and_chunks");
  }
  const mode = chunks !== undefined ? "chunks" : markdownText !== undefined ? "text" : null;
  if (mode !== null && stream.mode !== null && stream.mode !== mode) throw new SlackFailure("streaming_mode_mismatch");
  let next: Stream = { ...stream, mode: stream.mode ?? mode };
  for (const chunk of chunks ?? [{ type: "markdown_text", text: markdownText ?? "" } as const])
    next = applyChunk(next, chunk);
  if (next.tasks.length > MAX_STREAM_TASKS || bytesOf(next) > MAX_STREAM_BYTES) throw new SlackFailure("msg_too_long");
  return next;
}

function applyChunk(stream: Stream, chunk: Chunk): Stream {
  switch (chunk.type) {
    case "markdown_text":
      return chunk.text === "" ? stream : { ...stream, parts: appendText(stream.parts, chunk.text) };
    case "plan_update":
      return { ...stream, planTitle: chunk.title };
    case "blocks":
      return { ...stream, parts: [...stream.parts, { type: "blocks", blocks: chunk.blocks }] };
    case "task_update": {
      const { type: _, ...task } = chunk;
      if (stream.tasks.some(({ id }) => id === task.id)) {
        return {
          ...stream,
          tasks: stream.tasks.map((known) => (known.id === task.id ? { ...known, ...task } : known)),
        };
      }
      return { ...stream, tasks: [...stream.tasks, task], parts: [...stream.parts, { type: "task", id: task.id }] };
    }
    default:
      return chunk satisfies never;
  }
}

function appendText(parts: Stream["parts"], text: string): Stream["parts"] {
  const last = parts.at(-1);
  if (last?.type !== "markdown") return [...parts, { type: "markdown", text }];
  return [...parts.slice(0, -1), { type: "markdown", text: last.text + text }];
}

/** All Markdown so far, in order. */
export function markdownOf(stream: Stream): string {
  return stream.parts.map((part) => (part.type === "markdown" ? part.text : "")).join("");
}

/** UTF-8 bytes as Slack counts them: `details` and `output` twice. */
export function bytesOf(stream: Stream): number {
  const bytes = (text: string | undefined) => Buffer.byteLength(text ?? "");
  const tasks = stream.tasks.map((task) => bytes(task.title) + 2 * bytes(task.details) + 2 * bytes(task.output));
  const blocks = stream.parts.map((part) => (part.type === "blocks" ? bytes(JSON.stringify(part.blocks)) : 0));
  return [bytes(markdownOf(stream)), bytes(stream.planTitle ?? ""), ...tasks, ...blocks].reduce((sum, n) => sum + n, 0);
}

/** What Slack stores as the blocks of a streamed message. */
export function blocksOf(stream: Stream): Block[] {
  const cards = stream.tasks.map((task) => taskCard(task));
  const plan: Block = { type: "plan", title: stream.planTitle ?? "", tasks: cards };
  let hasPlan = false;
  return stream.parts.flatMap((part): Block[] => {
    if (part.type === "markdown") return [{ type: "markdown", text: part.text }];
    if (part.type === "blocks") return part.blocks;
    if (stream.displayMode === "timeline") return cards.filter(({ task_id }) => task_id === part.id);
    if (hasPlan) return [];
    hasPlan = true;
    return [plan];
  });
}

function taskCard({ id, title, status, details, output, sources }: StreamTask): Block {
  return {
    type: "task_card",
    task_id: id,
    title,
    status,
    ...(details === undefined ? {} : { details: richText(details) }),
    ...(output === undefined ? {} : { output: richText(output) }),
    ...(sources === undefined ? {} : { sources }),
  };
}

function richText(text: string): Block {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

/** @throws SlackFailure message_not_in_streaming_state */
export function mustBeStreaming(stream: Stream | null): Stream {
  if (stream?.state === "in_progress") return stream;
  throw explainedFailure("message_not_in_streaming_state", ["the stream was stopped, replaced, or has expired"]);
}

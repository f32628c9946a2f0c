import type { Block, Message, Metadata } from "./model.ts";
import { SlackFailure } from "./slack-failure.ts";
import { validateBlocks } from "./validate-blocks.ts";

const MAX_TEXT = 40_000;
const SPLIT_AT = 4_000;
const MAX_MARKDOWN = 12_000;
const MAX_PAYLOAD = 13_200;
const MAX_METADATA = 16_000;
const MAX_ATTACHMENTS = 100;

/** What a message may be made of, as the chat methods take it. */
export interface ContentInput {
  text?: string | undefined;
  markdown_text?: string | undefined;
  blocks?: readonly unknown[] | undefined;
  attachments?: Record<string, unknown>[] | undefined;
  metadata?: Metadata | undefined;
}

export type Content = Pick<Message, "text" | "markdown" | "blocks" | "attachments" | "metadata">;

/**
 * Checks the content as Slack does.
 * @throws SlackFailure no_text, markdown_text_conflict, msg_too_long, msg_blocks_too_long, invalid_blocks, …
 */
export function checkContent(input: ContentInput): Content {
  const { text = "", markdown_text: markdown, attachments = [], metadata } = input;
  const blocks = validateBlocks(input.blocks ?? []);
  if (markdown !== undefined && (text !== "" || blocks.length > 0)) throw new SlackFailure("markdown_text_conflict");
  if (text === "" && (markdown ?? "") === "" && blocks.length === 0 && attachments.length === 0) {
    throw new SlackFailure("no_text");
  }
  if (text.length > MAX_TEXT || (markdown ?? "").length > MAX_MARKDOWN) throw new SlackFailure("msg_too_long");
  if (lettersOf(blocks) > MAX_PAYLOAD) throw new SlackFailure("msg_blocks_too_long");
  if (attachments.length > MAX_ATTACHMENTS) throw new SlackFailure("too_many_attachments");
  if (JSON.stringify(metadata ?? {}).length > MAX_METADATA) throw new SlackFailure("metadata_too_large");
  return { text: markdown ?? text, markdown: markdown ?? null, blocks, attachments, metadata: metadata ?? null };
}

/** Slack posts a long plain text as several messages, broken at line ends where it can. */
export function splitText(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > SPLIT_AT) {
    const lineEnd = rest.lastIndexOf("\n", SPLIT_AT);
    const cut = lineEnd > SPLIT_AT / 2 ? lineEnd : SPLIT_AT;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^\n/, "");
  }
  return [...parts, rest];
}

function lettersOf(blocks: readonly Block[]): number {
  return blocks.length === 0 ? 0 : JSON.stringify(blocks).length;
}

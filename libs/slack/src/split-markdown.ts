import { openFence } from "./markdown/fences.ts";

const NEWLINE = "\n";

/**
 * The stretch `from`–`to` of a sanitised text as a message of its own: a code block that is open at its start is opened
 * again, one that is open at its end is closed.
 */
export function markdownPart(text: string, from: number, to: number): string {
  return reopening(text, from) + text.slice(from, to) + closing(text, to);
}

/** What a message that begins at `from` needs first, because a code block is open there. Empty otherwise. */
export function reopening(text: string, from: number): string {
  const fence = openFence(text.slice(0, from));
  return fence === null ? "" : `${fence.marker}${fence.language}${NEWLINE}`;
}

/** What a message that ends at `to` needs last, because a code block is open there. Empty otherwise. */
export function closing(text: string, to: number): string {
  const before = text.slice(0, to);
  const fence = openFence(before);
  if (fence === null) return "";
  return `${before.endsWith(NEWLINE) ? "" : NEWLINE}${fence.marker}`;
}

/**
 * Where to end a message: at most `budget` UTF-8 bytes after `from`, between two blocks if there is such a place in the
 * second half, else between two lines, else between two words, else between two characters. Gives the text's end when
 * everything fits; always moves on by at least one character.
 */
export function cutMarkdown(text: string, from: number, budget: number): number {
  const furthest = offsetWithin(text, from, budget);
  if (furthest >= text.length) return text.length;
  const window = text.slice(from, furthest);
  const earliest = window.length / 2;
  return (
    from +
    (lastBlockEnd(text, from, window, earliest) ?? lastLineEnd(window, earliest) ?? lastWordEnd(window, earliest))
  );
}

/** The end of the last whole line at or before the text's end, not before `from`. */
export function wholeLinesEnd(text: string, from: number): number {
  return Math.max(from, text.lastIndexOf(NEWLINE) + 1);
}

/** The furthest offset with at most `budget` UTF-8 bytes after `from`, not inside a character. */
function offsetWithin(text: string, from: number, budget: number): number {
  let offset = from;
  let bytes = 0;
  for (const character of text.slice(from, from + budget)) {
    bytes += Buffer.byteLength(character);
    if (bytes > budget && offset > from) break;
    offset += character.length;
  }
  return offset;
}

/** A blank line outside a code block. */
function lastBlockEnd(text: string, from: number, window: string, earliest: number): number | undefined {
  let end = window.lastIndexOf("\n\n");
  while (end >= 0 && end + 2 >= earliest) {
    if (openFence(text.slice(0, from + end)) === null) return end + 2;
    end = end === 0 ? -1 : window.lastIndexOf("\n\n", end - 1);
  }
  return undefined;
}

function lastLineEnd(window: string, earliest: number): number | undefined {
  const end = window.lastIndexOf(NEWLINE) + 1;
  return end > 0 && end >= earliest ? end : undefined;
}

function lastWordEnd(window: string, earliest: number): number {
  const end = window.lastIndexOf(" ") + 1;
  return end > 0 && end >= earliest ? end : window.length;
}

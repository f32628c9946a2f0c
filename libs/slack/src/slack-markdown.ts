import { z } from "zod";
import { withoutInvisible } from "./markdown/inert-text.ts";
import { nextUnit } from "./markdown/next-unit.ts";
import { Mode } from "./markdown/reading.ts";

/** A text half way through: what is held back because its meaning is not yet known, and where the reader stands. */
export const MarkdownReader = z.object({ held: z.string(), mode: Mode });
export type MarkdownReader = z.infer<typeof MarkdownReader>;

/** The beginning of a text. */
export function beginMarkdown(): MarkdownReader {
  return { held: "", mode: { fence: null, isLineStart: true, keyGap: null } };
}

/**
 * More of a model's Markdown as Slack may show it: `<` escaped (code too), `@here` and its like defused, only http,
 * https and mailto links, images as links, direction marks and other invisible characters removed, tokens and private
 * keys redacted. The outputs of all calls, joined, are the same however the text was cut; an unfinished link, word or
 * fence at the end is held back for the next call.
 */
export function readMarkdown(reader: MarkdownReader, text: string): { reader: MarkdownReader; output: string } {
  return read(reader, text, false);
}

/** What was held back, now that nothing follows. */
export function endMarkdown(reader: MarkdownReader): { reader: MarkdownReader; output: string } {
  return read(reader, "", true);
}

/** A whole text at once. */
export function sanitizeMarkdown(text: string): string {
  const { reader, output } = readMarkdown(beginMarkdown(), text);
  return output + endMarkdown(reader).output;
}

function read(reader: MarkdownReader, more: string, isEnd: boolean): { reader: MarkdownReader; output: string } {
  const joined = reader.held + more;
  // Half of a surrogate pair: whether it is an invisible character shows only with the other half.
  const half = isEnd ? "" : (/[\ud800-\udbff]$/.exec(joined)?.[0] ?? "");
  const text = withoutInvisible(joined.slice(0, joined.length - half.length));
  let { mode } = reader;
  let position = 0;
  let output = "";
  while (position < text.length) {
    const unit = nextUnit(text.slice(position), mode, isEnd);
    if (unit === "wait") break;
    position += unit.length;
    output += unit.output;
    mode = unit.mode;
  }
  return { reader: { held: text.slice(position) + half, mode }, output };
}

/** An open code block: its marker (``` or longer, or ~~~) and the language after it. */
export interface Fence {
  marker: string;
  language: string;
}

/** A line longer than this opens and closes no code block. */
export const MAX_FENCE_LINE = 256;

const PREFIX = "[ \\t>]*(?:(?:[-*+]|\\d{1,9}[.)])[ \\t]+)?";
const OPENING = new RegExp(`^(${PREFIX})(\`{3,}|~{3,})([^\`\\n]*)$`);
const MAYBE_OPENING = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]?)[ \t]*)?(?:`*|`{3,}[^`\n]*|~*|~{3,}[^`\n]*)$/;
const CLOSING = /^[ \t>]*(`{3,}|~{3,})[ \t]*$/;
const MAYBE_CLOSING = /^[ \t>]*(?:`*|~*)[ \t]*$/;

/** What a whole line (without its newline) does to the code block it may stand in. */
export function readFenceLine(line: string, open: Fence | null): { fence: Fence | null; line: string } | undefined {
  if (line.length > MAX_FENCE_LINE) return undefined;
  if (open !== null) {
    const marker = CLOSING.exec(line)?.[1];
    return marker?.startsWith(open.marker) ? { fence: null, line } : undefined;
  }
  const [, prefix = "", marker = "", info = ""] = OPENING.exec(line) ?? [];
  if (marker === "") return undefined;
  const language = /[A-Za-z0-9_+.#-]{1,40}/.exec(info)?.[0] ?? "";
  return { fence: { marker, language }, line: `${prefix}${marker}${language}` };
}

/** Whether the beginning of a line may still turn out to open or close a code block. */
export function mayBeFenceLine(beginning: string, open: Fence | null): boolean {
  return beginning.length <= MAX_FENCE_LINE && (open === null ? MAYBE_OPENING : MAYBE_CLOSING).test(beginning);
}

/** The code block that is open at the end of this Markdown, if any. */
export function openFence(markdown: string): Fence | null {
  let fence: Fence | null = null;
  for (const line of markdown.split("\n")) {
    const change = readFenceLine(line, fence);
    if (change !== undefined) fence = change.fence;
  }
  return fence;
}

import { MAX_FENCE_LINE, mayBeFenceLine, readFenceLine } from "./fences.ts";
import { inertMarkdown, ZERO_WIDTH_SPACE } from "./inert-text.ts";
import { inertAddress, inertLink, isAllowedTarget } from "./links.ts";
import { readKeyPart, startOfKey } from "./private-key.ts";
import type { Mode, Reading } from "./reading.ts";

const MAX_WORD = 4_096;
const MAX_CODE_SPAN = 1_000;
const MAX_LABEL = 500;
const MAX_TARGET = 2_000;

/**
 * Reads the next unit of Markdown at the start of `text`. Where a unit ends depends on what is in it, never on how much
 * of it has arrived: that makes the result the same however the text was cut into pieces. `wait` means that more text
 * is needed to tell; it is never returned when `isEnd`.
 */
export function nextUnit(text: string, mode: Mode, isEnd: boolean): Reading {
  if (mode.keyGap !== null) return readKeyPart(text, mode, isEnd);
  if (mode.isLineStart) {
    const line = readLineOfFence(text, mode, isEnd);
    if (line !== undefined) return line;
  }
  const first = text[0];
  if (first === "\n") return { length: 1, output: "\n", mode: { ...mode, isLineStart: true } };
  const inLine = { ...mode, isLineStart: false };
  if (first === "]") return readLabelEnd(text, inLine, isEnd);
  if (mode.fence !== null)
    return first === "<" ? { length: 1, output: "&lt;", mode: inLine } : readWord(text, inLine, isEnd);
  if (first === "<") return readAngle(text, inLine, isEnd);
  if (first === "`") return readCodeSpan(text, inLine, isEnd);
  if (first === "[" || (first === "!" && (text[1] === "[" || (text.length === 1 && !isEnd)))) {
    return readLink(text, inLine, isEnd);
  }
  return readWord(text, inLine, isEnd);
}

function readLineOfFence(text: string, mode: Mode, isEnd: boolean): Reading | undefined {
  const end = text.slice(0, MAX_FENCE_LINE + 1).indexOf("\n");
  if (end < 0 && !isEnd) return mayBeFenceLine(text, mode.fence) ? "wait" : undefined;
  const line = end < 0 ? text : text.slice(0, end);
  const change = readFenceLine(line, mode.fence);
  if (change === undefined) return undefined;
  return { length: line.length, output: change.line, mode: { ...mode, fence: change.fence, isLineStart: false } };
}

/** Blanks, or a word: a run without blanks and without what begins another unit. */
function readWord(text: string, mode: Mode, isEnd: boolean): Reading {
  const blanks = /^[^\S\n]+/.exec(text)?.[0];
  if (blanks !== undefined) return { length: blanks.length, output: blanks, mode };
  const pattern = mode.fence === null ? /^(?:[^\s<[\]`!]|!(?!\[))+/ : /^[^\s<\]]+/;
  const word = pattern.exec(text)?.[0] ?? text.slice(0, 1);
  if (word.length === text.length && word.length < MAX_WORD && !isEnd) return "wait";
  const key = startOfKey(text, word, mode, isEnd);
  if (key !== undefined) return key;
  const length = Math.min(word.length, MAX_WORD);
  return { length, output: inertMarkdown(word.slice(0, length)), mode };
}

/** `<https://…>` becomes the bare address; any other `<` is only a character. */
function readAngle(text: string, mode: Mode, isEnd: boolean): Reading {
  const bare = { length: 1, output: "&lt;", mode };
  const rest = text.slice(1, MAX_TARGET);
  const isPossible = ["https://", "http://", "mailto:"].some((scheme) =>
    scheme.startsWith(rest.slice(0, scheme.length).toLowerCase()),
  );
  if (!isPossible) return bare;
  const end = rest.search(/[\s<>]/);
  if (end < 0) return isEnd || text.length >= MAX_TARGET ? bare : "wait";
  const target = rest.slice(0, end);
  // With a bar it would be Slack's own notation: an address under another label.
  if (rest[end] !== ">" || !isAllowedTarget(target) || target.includes("|")) return bare;
  return { length: end + 2, output: inertAddress(target.replace(/^mailto:/i, "")), mode };
}

/** Code between backticks on one line; a backtick without its partner is only a character. */
function readCodeSpan(text: string, mode: Mode, isEnd: boolean): Reading {
  const ticks = /^`+/.exec(text.slice(0, MAX_CODE_SPAN))?.[0] ?? "";
  if (ticks.length === MAX_CODE_SPAN) return { length: ticks.length, output: ticks, mode };
  if (ticks.length === text.length && !isEnd) return "wait";
  const window = text.slice(ticks.length, ticks.length + MAX_CODE_SPAN);
  const line = /^[^\n]*/.exec(window)?.[0] ?? "";
  for (const run of line.matchAll(/`+/g)) {
    const isAtEdge = run.index + run[0].length === text.length - ticks.length;
    if (isAtEdge && !isEnd && window.length < MAX_CODE_SPAN) return "wait";
    if (run[0].length !== ticks.length) continue;
    const code = inertMarkdown(line.slice(0, run.index));
    return { length: 2 * ticks.length + run.index, output: `${ticks}${code}${ticks}`, mode };
  }
  const isOpenEnded = line.length === window.length && window.length < MAX_CODE_SPAN;
  if (isOpenEnded && !isEnd) return "wait";
  return { length: ticks.length, output: ticks, mode };
}

/** `[label](target)`, and an image as a link to it. */
function readLink(text: string, mode: Mode, isEnd: boolean): Reading {
  const isImage = text[0] === "!";
  const opening = isImage ? "![" : "[";
  const bare: Reading = { length: opening.length, output: opening, mode };
  if (text.length < opening.length) return "wait";
  const window = text.slice(opening.length, opening.length + MAX_LABEL);
  const label = /^(?:[^[\]\n\\]|\\[^\n])*/.exec(window)?.[0] ?? "";
  const after = opening.length + label.length;
  if (after === text.length || (text[after] === "\\" && after + 1 === text.length)) {
    return isEnd || label.length >= MAX_LABEL - 1 ? bare : "wait";
  }
  if (text[after] !== "]") return bare;
  if (text.length === after + 1) return isEnd ? bare : "wait";
  if (text[after + 1] !== "(") return bare;
  const target = readTarget(text.slice(after + 2, after + 2 + MAX_TARGET));
  if (target === "open") return isEnd || text.length >= after + 2 + MAX_TARGET ? bare : "wait";
  if (target === "none") return bare;
  const words = isImage && label.trim() === "" ? "image" : label;
  return { length: after + 3 + target.length, output: inertLink(words, target), mode };
}

/** Up to the closing parenthesis; parentheses inside must be balanced. */
function readTarget(text: string): string | "open" | "none" {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\n") return "none";
    if (character === "(") depth++;
    if (character === ")" && depth-- === 0) return text.slice(0, index);
  }
  return "open";
}

/**
 * `]` that no rule above took as the end of a link: before an address that is not allowed it gets a zero width space,
 * so that no Markdown reader, however lenient, makes a link of it.
 */
function readLabelEnd(text: string, mode: Mode, isEnd: boolean): Reading {
  const apart = { length: 1, output: `]${ZERO_WIDTH_SPACE}`, mode };
  const plain = { length: 1, output: "]", mode };
  const rest = text.slice(1, 64);
  if (rest === "" && !isEnd) return "wait";
  if (rest[0] !== "(" && rest[0] !== ":") return plain;
  const [, target = ""] = /^[(:][ \t<]*([^\s<]*)/.exec(rest) ?? [];
  const isWhole = isEnd || text.length >= 64 || /[:/?#)\s]/.test(target) || /^[(:][ \t<]*[^\s<]+[\s<]/.test(rest);
  if (!isWhole) return "wait";
  if (mode.fence === null && rest[0] === "(") return isAllowedScheme(target) ? plain : apart;
  // In code `a[0](b)` is a call: only what names another kind of address is taken apart.
  return /^[a-z][a-z0-9+.-]*:/i.test(target) && !isAllowedScheme(target) ? apart : plain;
}

function isAllowedScheme(target: string): boolean {
  return /^(?:https?|mailto):/i.test(target);
}

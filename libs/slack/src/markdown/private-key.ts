import type { Mode, Reading } from "./reading.ts";

const BEGIN = "-----BEGIN";
const WHOLE_BEGIN = /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/;
const MAYBE_BEGIN = /^-----BEGIN[A-Z0-9 ]{0,60}-{0,5}$/;
const END = /^-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/;
const MAYBE_END = /^-----END[A-Z0-9 ]{0,60}-{0,5}$/;
const KEY_WORD =
  /^(?:(?:[A-Za-z0-9+/]|\\n){16,}(?:={1,2}(?:\\n)*)?|\\n|Proc-Type:|4,ENCRYPTED|DEK-Info:|[A-Z0-9-]+,[0-9A-F]{16,})$/;
const MAX_KEY_WORD = 20_000;

/** The first line of a private key becomes a remark, and what follows is read by `readKeyPart`. */
export function startOfKey(text: string, word: string, mode: Mode, isEnd: boolean): Reading | undefined {
  const start = word.indexOf(BEGIN);
  if (start < 0) return undefined;
  const rest = text.slice(start);
  if (!isEnd && MAYBE_BEGIN.test(rest)) return "wait";
  const line = WHOLE_BEGIN.exec(rest)?.[0];
  if (line === undefined) return undefined;
  // What stands before it is shorter than any token this project redacts when it directly touches a key.
  const before = word.slice(0, start).replaceAll("@", "");
  return { length: start + line.length, output: `${before}[redacted private key]`, mode: { ...mode, keyGap: "" } };
}

/** Swallows a private key's lines up to its last, or up to the first word that cannot be part of one. */
export function readKeyPart(text: string, mode: Mode, isEnd: boolean): Reading {
  const blanks = /^\s+/.exec(text)?.[0];
  if (blanks !== undefined) {
    const gap = blanks.includes("\n") || mode.keyGap === "\n" ? "\n" : " ";
    return { length: blanks.length, output: "", mode: { ...mode, keyGap: gap } };
  }
  const after: Mode = { ...mode, keyGap: null, isLineStart: false };
  if (text.startsWith("-----END".slice(0, Math.max(1, text.length)))) {
    if (!isEnd && (text.length < 8 || MAYBE_END.test(text))) return "wait";
    const line = END.exec(text)?.[0];
    if (line !== undefined) return { length: line.length, output: "", mode: after };
  }
  const run = /^[^\s-]+/.exec(text)?.[0] ?? "";
  if (run.length === text.length && !isEnd && run.length < MAX_KEY_WORD) return "wait";
  if (KEY_WORD.test(run)) return { length: run.length, output: "", mode: { ...mode, keyGap: "" } };
  return { length: 0, output: mode.keyGap ?? "", mode: { ...after, isLineStart: mode.keyGap === "\n" } };
}

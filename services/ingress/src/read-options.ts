import { type OptionName, optionOf, type RunOptions } from "@peerbot/contracts";

/** A person's words without the options that stood before or after them. */
export interface ReadOptions {
  text: string;
  options: RunOptions;
  /** The first that has a value its option does not take. */
  unknown?: WrittenOption;
}

export interface WrittenOption {
  name: OptionName;
  value: string;
}

/** One whole word; a comma may part it from the next. */
const OPTION = /^(size|docker)=([^\s=`'"]{0,40}?),?$/i;
/** Longer than any word that is an option. */
const MAX_WORD = 60;

/**
 * Takes `size=large docker=on` off the start and the end of a text, in any order. The same words elsewhere, in code or
 * in a quote are words. Written twice, the later one counts.
 */
export function readOptions(text: string): ReadOptions {
  let rest = text;
  const before: WrittenOption[] = [];
  for (let first = firstOption(rest); first !== undefined; first = firstOption(rest)) {
    before.push(first.option);
    rest = first.rest;
  }
  const after: WrittenOption[] = [];
  for (let last = lastOption(rest); last !== undefined; last = lastOption(rest)) {
    after.unshift(last.option);
    rest = last.rest;
  }
  const written = [...before, ...after];
  const unknown = written.find(({ name, value }) => optionOf(name, value) === undefined);
  const options = Object.assign({}, ...written.map(({ name, value }) => optionOf(name, value)));
  return { text: rest, options, ...(unknown === undefined ? {} : { unknown }) };
}

interface Found {
  option: WrittenOption;
  rest: string;
}

function firstOption(text: string): Found | undefined {
  const word = /^\S*/.exec(text.slice(0, MAX_WORD))?.[0] ?? "";
  const option = optionIn(word);
  return option && { option, rest: text.slice(word.length).trimStart() };
}

function lastOption(text: string): Found | undefined {
  // A tail, and no look at the whole: a search for the last word starts anew at each of the words before it.
  const word = /(?:^|\s)(\S+)$/.exec(text.slice(-MAX_WORD))?.[1] ?? "";
  const option = optionIn(word);
  if (option === undefined) return undefined;
  const rest = text.slice(0, text.length - word.length);
  return isInCode(rest) || isInQuote(rest) ? undefined : { option, rest: rest.trimEnd() };
}

function optionIn(word: string): WrittenOption | undefined {
  const [, name, value = ""] = OPTION.exec(word) ?? [];
  if (name === undefined) return undefined;
  return { name: name.toLowerCase() === "size" ? "size" : "docker", value: value.toLowerCase() };
}

/** A block of code was opened before and not closed. */
function isInCode(before: string): boolean {
  return before.split("```").length % 2 === 0;
}

/** `>` quotes its line, `>>>` all that follows. */
function isInQuote(before: string): boolean {
  return before.slice(before.lastIndexOf("\n") + 1).startsWith(">") || /^>>>/m.test(before);
}

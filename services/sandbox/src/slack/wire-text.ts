import type { Block } from "./model.ts";

/** What names can be written with @ and #. */
export interface Directory {
  userNamed(name: string): string | undefined;
  channelNamed(name: string): string | undefined;
}

type Element = Record<string, unknown> & { type: string };

interface Token {
  wire: string;
  element: Element;
}

const PATTERN = /@(?:here|channel|everyone)\b|@[a-z0-9][a-z0-9._-]*|#[a-z0-9][a-z0-9_-]*|https?:\/\/[^\s<>|]+/gi;

/** What Slack's client sends for typed text: links for names and addresses, everything else escaped. */
export function toWire(typed: string, directory: Directory): { text: string; richText: Block } {
  const tokens: Token[] = [];
  let position = 0;
  for (const match of typed.matchAll(PATTERN)) {
    const token = linkOf(match[0], directory);
    const previous = typed[match.index - 1];
    // Inside a word, as in an e-mail address, @ and # mean nothing.
    if (token === undefined || (previous !== undefined && /[\w/&]/.test(previous))) continue;
    tokens.push(plain(typed.slice(position, match.index)), token.token);
    position = match.index + token.length;
  }
  tokens.push(plain(typed.slice(position)));
  const elements = tokens.filter(({ wire }) => wire !== "").map(({ element }) => element);
  return {
    text: tokens.map(({ wire }) => wire).join(""),
    richText: { type: "rich_text", block_id: "typed", elements: [{ type: "rich_text_section", elements }] },
  };
}

export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function plain(text: string): Token {
  return { wire: escapeText(text), element: { type: "text", text } };
}

function linkOf(match: string, directory: Directory): { token: Token; length: number } | undefined {
  if (/^https?:/i.test(match)) {
    const url = match.replace(/[.,;:!?)\]}'"]+$/, "");
    return { token: { wire: `<${url.replaceAll("&", "&amp;")}>`, element: { type: "link", url } }, length: url.length };
  }
  if (/^@(here|channel|everyone)$/i.test(match)) {
    const range = match.slice(1).toLowerCase();
    return { token: { wire: `<!${range}>`, element: { type: "broadcast", range } }, length: match.length };
  }
  // "@ada." at the end of a sentence: the dot belongs to the sentence.
  const name = match
    .slice(1)
    .replace(/[._-]+$/, "")
    .toLowerCase();
  if (match.startsWith("@")) {
    const user = directory.userNamed(name);
    return user === undefined
      ? undefined
      : { token: { wire: `<@${user}>`, element: { type: "user", user_id: user } }, length: name.length + 1 };
  }
  const channel = directory.channelNamed(name);
  return channel === undefined
    ? undefined
    : {
        token: { wire: `<#${channel}|${name}>`, element: { type: "channel", channel_id: channel } },
        length: name.length + 1,
      };
}

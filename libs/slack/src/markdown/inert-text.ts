import { redactSecrets } from "./redact-secrets.ts";

/** Zero width space: breaks what Slack would act on and stays invisible to people. */
export const ZERO_WIDTH_SPACE = "\u200b";

// Control characters (tab and newline stay), directions (they can turn a shown address around), invisible tag letters.
const INVISIBLE = /(?![\t\n])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Removes characters that change how the text around them reads without being seen. */
export function withoutInvisible(text: string): string {
  return text.replace(INVISIBLE, "");
}

/** `@here` and its like as plain words. */
export function withoutBroadcasts(text: string): string {
  return text.replace(/@(?=(?:here|channel|everyone|group)\b)/gi, `@${ZERO_WIDTH_SPACE}`);
}

/**
 * Words for Slack's Markdown in which nothing can act. `&` is left alone: escaping it would break addresses, and Slack
 * does not read decoded entities a second time.
 */
export function inertMarkdown(text: string): string {
  return withoutBroadcasts(redactSecrets(text)).replaceAll("<", "&lt;");
}

/** One line of plain text for titles, at most `max` characters: inert whether Slack reads it as mrkdwn or not. */
export function inertLabel(text: string, max: number): string {
  const line = oneLine(text, max).replaceAll("<", "‹").replaceAll(">", "›");
  return shortened(line, max);
}

/** One line of somebody else's words inside our own mrkdwn templates, at most `max` characters before escaping. */
export function inertMrkdwn(text: string, max: number): string {
  return shortened(oneLine(text, max), max).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The same between backticks. */
export function inertCode(text: string, max: number): string {
  return `\`${inertMrkdwn(text.replaceAll("`", "'"), max)}\``;
}

/** Cut to `max` characters with an ellipsis, never through the middle of a character. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text
    .slice(0, max - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}

/** More than is ever shown of one line, by more than the longest token takes. */
const READ_BEYOND = 8_192;

/**
 * Blanks go first, so that they use up nothing of what is read; the rest is left out before the search for tokens, which
 * would take minutes over the megabytes that somebody may put into one line.
 */
function oneLine(text: string, max: number): string {
  const line = withoutInvisible(text).replace(/\s+/g, " ").trim();
  return withoutBroadcasts(redactSecrets(line.slice(0, max + READ_BEYOND)));
}

import { inertMarkdown } from "./inert-text.ts";

const ALLOWED = /^(?:https?:\/\/|mailto:)/i;

/** Only these addresses may be pressed: http, https and mailto. */
export function isAllowedTarget(target: string): boolean {
  return ALLOWED.test(target);
}

/** A Markdown link that goes where it says, or its words where the address is not one to press. */
export function inertLink(label: string, rawTarget: string): string {
  const target = targetOf(rawTarget);
  const words = inertMarkdown(label.trim());
  if (!isAllowedTarget(target)) return inertPlainLink(words, target);
  const address = inertAddress(target);
  if (words === "") return `[${address}](${address})`;
  const host = disguisedHost(label, target);
  return `[${words}${host === undefined ? "" : ` (${host})`}](${address})`;
}

/** An address as it may stand in Slack's Markdown. */
export function inertAddress(target: string): string {
  return inertMarkdown(target.replaceAll("<", "%3C").replaceAll(">", "%3E"));
}

/** Without angle brackets and title: `<a b> "title"` is `a b`. */
function targetOf(raw: string): string {
  const [, bracketed, bare] = /^\s*(?:<([^<>\n]*)>|(\S*))/.exec(raw) ?? [];
  return bracketed ?? bare ?? "";
}

/** A path or an anchor is worth reading; an address of another kind (`javascript:`, `slack:`) is not. */
function inertPlainLink(words: string, target: string): string {
  const path = inertMarkdown(target);
  if (/^[^/?#]*:|&(?:#|colon)/i.test(target) || path === "" || path === words) return words;
  return words === "" ? path : `${words} (${path})`;
}

const LOOKS_LIKE_ADDRESS =
  /^(?:https?:\/\/|www\.)|^[a-z0-9.-]+\.(?:com|org|net|io|dev|app|ai|co|edu|gov|me|info|cloud|xyz)(?:[/:?#]|$)/i;

/** The host a link really goes to, when its label looks like an address elsewhere. */
function disguisedHost(label: string, target: string): string | undefined {
  const shown = label.replace(/^[\s*_`~]+|[\s*_`~]+$/g, "");
  if (!LOOKS_LIKE_ADDRESS.test(shown) || !/^https?:/i.test(target)) return undefined;
  const real = hostOf(target);
  return hostOf(/^https?:/i.test(shown) ? shown : `https://${shown}`) === real
    ? undefined
    : (real ?? "unknown address");
}

function hostOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).hostname.replace(/^www\./, "") : undefined;
}

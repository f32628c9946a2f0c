import DOMPurify from "dompurify";
import { marked } from "marked";

const escapeHtml = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const EMOJI = {
  eyes: "👀",
  white_check_mark: "✅",
  x: "❌",
  warning: "⚠️",
  hourglass_flowing_sand: "⏳",
  octagonal_sign: "🛑",
  rocket: "🚀",
  wave: "👋",
  sparkles: "✨",
  floppy_disk: "💾",
  speech_balloon: "💬",
  arrows_counterclockwise: "🔄",
  no_entry: "⛔",
  heavy_check_mark: "✔️",
  construction: "🚧",
  tada: "🎉",
  thumbsup: "👍",
  "+1": "👍",
};
export const emojiOf = (name) => EMOJI[name] ?? `:${name}:`;

/** Slack's mrkdwn as safe HTML. `names` gives people's and channels' names by id. */
export function mrkdwnToHtml(text, names) {
  const kept = [];
  const keep = (piece) => `\uE000${kept.push(piece) - 1}\uE000`;
  const html = text
    .replace(/```([\s\S]*?)```/g, (_, code) => keep(`<pre>${decodeThenEscape(code.replace(/^\n/, ""))}</pre>`))
    .replace(/`([^`\n]+)`/g, (_, code) => keep(`<code>${decodeThenEscape(code)}</code>`))
    .replace(/<([^<>]+)>/g, (_, inner) => keep(controlToHtml(inner, names)))
    .replace(/(^|[\s(])\*([^*\n]+)\*(?=[\s).,;:!?]|$)/g, "$1<strong>$2</strong>")
    .replace(/(^|[\s(])_([^_\n]+)_(?=[\s).,;:!?]|$)/g, "$1<em>$2</em>")
    .replace(/(^|[\s(])~([^~\n]+)~(?=[\s).,;:!?]|$)/g, "$1<s>$2</s>")
    .replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole)
    .replace(/^&gt; ?(.*)$/gm, "<blockquote>$1</blockquote>")
    .replaceAll("\n", "<br>");
  const restore = (piece) => piece.replace(/\uE000(\d+)\uE000/g, (_, index) => restore(kept[Number(index)]));
  return DOMPurify.sanitize(restore(html), { ADD_ATTR: ["target"] });
}

const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const decodeThenEscape = (text) => escapeHtml(decode(text));

function controlToHtml(inner, names) {
  const [target, label] = inner.split("|");
  if (target.startsWith("@")) return `<span class="mention">@${escapeHtml(names(target.slice(1)))}</span>`;
  if (target.startsWith("#")) return `<span class="mention">#${escapeHtml(label || names(target.slice(1)))}</span>`;
  if (target.startsWith("!date^")) return escapeHtml(formatDate(target, label));
  if (target.startsWith("!")) return `<span class="mention broadcast">@${escapeHtml(label || target.slice(1))}</span>`;
  return `<a href="${escapeHtml(decode(target))}" target="_blank" rel="noreferrer">${decodeThenEscape(label || target)}</a>`;
}

function formatDate(target, fallback) {
  const [, seconds, format] = target.split("^");
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback ?? "";
  return format
    .replace("{time}", date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }))
    .replace("{time_secs}", date.toLocaleTimeString())
    .replace(/\{date[a-z_]*\}/, date.toLocaleDateString());
}

/** Standard Markdown, as Slack's `markdown_text` and `markdown` block take it, as safe HTML. */
export function markdownToHtml(text) {
  // Slack reads &lt; inside Markdown as the character itself; marked would too, except in code.
  const rendered = marked.parse(text, { async: false, gfm: true, breaks: true });
  return DOMPurify.sanitize(rendered.replaceAll("&amp;lt;", "&lt;").replaceAll("&amp;gt;", "&gt;"));
}

/** `14:32` of a Slack ts. */
export function clockOf(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** Escapes text for our own mrkdwn templates: Slack's three control characters and nothing else. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * What a person typed, from the text Slack sends: entities decoded, links and names written out, the bot's own mention
 * removed. The result is a plain prompt; nothing in it has a meaning for Slack any more until it is escaped again.
 */
export function plainTextOf(text: string, { botUserId }: { botUserId: string }): string {
  return withoutMention(text, botUserId)
    .replace(/<([^<>\n]+)>/g, (_, token: string) => wordsOf(token))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

/** At the start "@bot, " and "@bot: " go with their punctuation; inside a sentence the mention leaves no double space. */
function withoutMention(text: string, botUserId: string): string {
  const mention = `<@${botUserId}(?:\\|[^<>]*)?>`;
  return text
    .replace(new RegExp(`^\\s*(?:${mention}\\s*)+[,:]?[ \\t]*`), "")
    .replace(new RegExp(`${mention}[ \\t]?`, "g"), "");
}

function wordsOf(token: string): string {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? "" : token.slice(bar + 1);
  switch (target[0]) {
    case "@":
      return label === "" ? target : withSign("@", label);
    case "#":
      return label === "" ? target : withSign("#", label);
    case "!":
      return label === "" ? `@${target.slice(1)}` : label;
    default:
      return linkWords(target, label);
  }
}

function withSign(sign: string, name: string): string {
  return name.startsWith(sign) ? name : `${sign}${name}`;
}

/** Slack makes links of what looks like one (`example.com`); only a label that says something else needs its address. */
function linkWords(target: string, label: string): string {
  if (label === "") return target.replace(/^mailto:/, "");
  const isAddressItself = [label, `http://${label}`, `https://${label}`, `mailto:${label}`, `tel:${label}`].includes(
    target,
  );
  return isAddressItself ? label : `${label} (${target})`;
}

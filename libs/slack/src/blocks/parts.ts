import type { ActionsBlock, Button, ContextBlock, SectionBlock } from "@slack/types";

/** Interactive elements whose clicks ingress understands; their value is the session key. */
export type ActionId = "stop" | "retry" | "continue";

/** A paragraph of our own mrkdwn. `verbatim` keeps Slack from making links of words in it. */
export function paragraph(mrkdwn: string): SectionBlock {
  return { type: "section", text: { type: "mrkdwn", text: mrkdwn, verbatim: true } };
}

/** A small grey line. */
export function footnote(mrkdwn: string): ContextBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text: mrkdwn, verbatim: true }] };
}

export function actions(elements: Button[]): ActionsBlock {
  return { type: "actions", elements };
}

export function actionButton(
  action: ActionId,
  label: string,
  { sessionKey, style }: { sessionKey: string; style?: "primary" | "danger" },
): Button {
  return {
    type: "button",
    action_id: action,
    text: { type: "plain_text", text: label, emoji: true },
    value: sessionKey,
    accessibility_label: label,
    ...(style === undefined ? {} : { style }),
  };
}

/** A button that opens an address; Slack tells the app of the click all the same. */
export function linkButton(label: string, url: string): Button {
  return {
    type: "button",
    action_id: "open_link",
    text: { type: "plain_text", text: label, emoji: true },
    url,
    accessibility_label: label,
    style: "primary",
  };
}

/** A person as a mention. Slack user ids hold only capitals and digits; anything else is not mentioned. */
export function mention(user: string): string {
  return /^[A-Z0-9]+$/.test(user) ? `<@${user}>` : "";
}

/** A link of our own with a text that may be anybody's, already made safe. */
export function mrkdwnLink(url: string, safeText: string): string {
  return /^https?:\/\/[^\s<>|]+$/.test(url) ? `<${url}|${safeText}>` : safeText;
}

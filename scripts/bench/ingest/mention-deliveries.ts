import { createHmac, randomUUID } from "node:crypto";

/** One of Slack's requests, signed and ready to be sent. */
export interface Delivery {
  body: string;
  headers: Readonly<Record<string, string>>;
}

/** Where and by whom the app is mentioned. */
export interface MentionScene {
  team: string;
  channel: string;
  user: string;
  bot: string;
  signingSecret: string;
}

/** As many mentions, each beginning a thread of its own. Slack takes a signature for five minutes. */
export function mentionDeliveries(count: number, scene: MentionScene): Delivery[] {
  const second = Math.floor(Date.now() / 1_000);
  return Array.from({ length: count }, (_, index) => {
    const ts = `${second}.${String(index).padStart(6, "0")}`;
    const { team, channel, user, bot } = scene;
    const body = JSON.stringify({
      type: "event_callback",
      team_id: team,
      event_id: `Ev${randomUUID()}`,
      event_time: second,
      event: { type: "app_mention", team, channel, user, text: `<@${bot}> say hello`, ts, event_ts: ts },
    });
    return { body, headers: headersOf(body, second, scene) };
  });
}

/** @see https://docs.slack.dev/authentication/verifying-requests-from-slack */
function headersOf(body: string, second: number, { signingSecret }: MentionScene): Record<string, string> {
  const digest = createHmac("sha256", signingSecret).update(`v0:${second}:${body}`).digest("hex");
  return {
    "content-type": "application/json",
    "x-slack-request-timestamp": String(second),
    "x-slack-signature": `v0=${digest}`,
  };
}

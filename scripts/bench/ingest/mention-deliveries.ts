import { createHmac, randomUUID } from "node:crypto";

/** One of Slack's requests, signed and ready to be sent. */
export interface Delivery {
  body: string;
  headers: Readonly<Record<string, string>>;
}

/** Where the app is mentioned. */
export interface MentionScene {
  team: string;
  channel: string;
  bot: string;
  signingSecret: string;
}

const PEOPLE = 50;
let made = 0;

/** As many mentions, by some people in turns, each beginning a thread of its own. Slack takes a signature for five minutes. */
export function mentionDeliveries(count: number, scene: MentionScene): Delivery[] {
  const second = Math.floor(Date.now() / 1_000);
  return Array.from({ length: count }, () => {
    made += 1;
    const ts = `${second}.${String(made).padStart(6, "0")}`;
    const user = `U0BENCH${made % PEOPLE}`;
    const { team, channel, bot } = scene;
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

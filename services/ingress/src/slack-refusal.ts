import { AppError } from "@peerbot/runtime";
import { WebAPIPlatformError } from "@slack/web-api";

const WHERE_TO_FIND = {
  SLACK_BOT_TOKEN: "Copy the Bot User OAuth Token (xoxb-…) from “OAuth & Permissions” of your Slack app.",
  SLACK_APP_TOKEN:
    "Make an app-level token (xapp-…) with the scope connections:write under “Basic Information” of your Slack app, and turn Socket Mode on.",
} as const;

/** Slack does not accept a token; trying again changes nothing. */
export class SlackRefusedError extends AppError {
  constructor(setting: keyof typeof WHERE_TO_FIND, refusal: string, cause: unknown) {
    super(`Slack refused ${setting} (${refusal}). ${WHERE_TO_FIND[setting]}`, { code: "slack-refused", cause });
  }
}

/** Slack's words for trouble of its own: the same call may succeed later. */
const PASSING = new Set([
  "fatal_error",
  "internal_error",
  "ratelimited",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

/** The code of Slack's answer when it is a refusal that stands; `undefined` for anything that may pass. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  return PASSING.has(error.data.error) ? undefined : error.data.error;
}

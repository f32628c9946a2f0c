import { RunOptionsConfig } from "@peerbot/contracts";
import {
  CommonConfig,
  commaSeparated,
  evenIfOthersAreWrong,
  flag,
  internalConfig,
  port,
  RedisConfig,
  RetentionConfig,
  SlackConfig,
  SlackPaceConfig,
  secret,
  wholeNumber,
} from "@peerbot/runtime";
import { z } from "zod";

const settings = z.object({
  ...CommonConfig.shape,
  ...RedisConfig.shape,
  ...internalConfig({ defaultPort: 9091 }).shape,
  SLACK_MODE: z
    .enum(["http", "socket"], { error: "must be http or socket" })
    .default("http")
    .describe("How Slack delivers: it posts to us (http), or we connect to it (socket, needs no public address)."),
  INGRESS_HOST: z.string().default("0.0.0.0").describe("Address the listener for Slack binds to, in http mode."),
  INGRESS_PORT: port()
    .default(3000)
    .describe("Port Slack posts to (/slack/events, /slack/interactive), in http mode; 0 picks a free one."),
  SLACK_BOT_TOKEN: secret().describe(
    "Bot token (xoxb-…) of the Slack app in the one workspace this installation serves.",
  ),
  SLACK_APP_TOKEN: secret()
    .optional()
    .describe("App-level token (xapp-…) with the scope connections:write; needed in socket mode."),
  SLACK_SIGNING_SECRET: secret()
    .optional()
    .describe("Signing secret of the Slack app, proves that a request is Slack's; needed in http mode."),
  ...SlackConfig.shape,
  ...SlackPaceConfig.shape,
  SLACK_ALLOWED_USERS: idList("User ids that may use Peerbot; unset means everybody."),
  SLACK_DENIED_USERS: idList("User ids that may not use Peerbot, whatever else allows them."),
  SLACK_ADMIN_USERS: idList("User ids that may use Peerbot and press the buttons of anybody's session."),
  SLACK_ALLOWED_CHANNELS: idList("Channel ids where Peerbot may be used; unset means everywhere."),
  SLACK_DENIED_CHANNELS: idList("Channel ids where Peerbot may not be used, whatever else allows them."),
  SLACK_ALLOW_DIRECT_MESSAGES: flag().default(true).describe("Whether Peerbot may be used in direct messages."),
  SLACK_ALLOW_EXTERNAL_USERS: flag()
    .default(false)
    .describe("Whether people of other organizations in shared (Slack Connect) channels may use Peerbot."),
  ...RunOptionsConfig.shape,
  PROMPT_MAX_CHARACTERS: wholeNumber({ min: 1, max: 1_000_000 })
    .default(40_000)
    .describe("Longest message Peerbot takes, in characters."),
  ...RetentionConfig.shape,
});

/** The ingress's settings. */
export const IngressConfig = settings
  .refine(({ SLACK_MODE, SLACK_SIGNING_SECRET }) => SLACK_MODE !== "http" || SLACK_SIGNING_SECRET !== undefined, {
    path: ["SLACK_SIGNING_SECRET"],
    error: "is missing; SLACK_MODE=http needs it (Basic Information, App Credentials)",
    when: evenIfOthersAreWrong,
  })
  .refine(({ SLACK_MODE, SLACK_APP_TOKEN }) => SLACK_MODE !== "socket" || SLACK_APP_TOKEN !== undefined, {
    path: ["SLACK_APP_TOKEN"],
    error: "is missing; SLACK_MODE=socket needs it (Basic Information, App-Level Tokens)",
    when: evenIfOthersAreWrong,
  });
export type IngressConfig = z.infer<typeof IngressConfig>;

function idList(description: string) {
  return (
    commaSeparated()
      .prefault("")
      // A name in place of an id would allow nobody, or deny nobody.
      .refine(
        (ids) => ids.every((id) => /^[A-Z][A-Z0-9]+$/.test(id)),
        "must be Slack ids such as U012AB3CD, with commas between them",
      )
      .describe(description)
  );
}

import {
  CommonConfig,
  internalConfig,
  RedisConfig,
  SlackConfig,
  SlackPaceConfig,
  secret,
  wholeNumber,
} from "@peerbot/runtime";
import { z } from "zod";

/** Settings of the streamer. */
export const StreamerConfig = z.object({
  ...CommonConfig.shape,
  ...RedisConfig.shape,
  ...internalConfig({ defaultPort: 9094 }).shape,
  SLACK_BOT_TOKEN: secret().describe("Bot token (xoxb-…) with chat:write, reactions:write and the history scopes."),
  ...SlackConfig.shape,
  ...SlackPaceConfig.shape,
  STREAM_LIFETIME_SECONDS: wholeNumber({ min: 10, max: 290 })
    .default(240)
    .describe("A streamed message is continued in a new one after this time; Slack ends a stream after about 300."),
  THREAD_LEASE_SECONDS: wholeNumber({ min: 2, max: 300 })
    .default(15)
    .describe("After this time another replica takes over the threads of one that died."),
});
export type StreamerConfig = z.infer<typeof StreamerConfig>;

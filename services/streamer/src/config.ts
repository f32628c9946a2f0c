import { CommonConfig, httpUrl, InternalConfig, RedisConfig, secret, wholeNumber } from "@peerbot/runtime";
import { z } from "zod";

/** Settings of the streamer. */
export const StreamerConfig = z.object({
  ...CommonConfig.shape,
  ...RedisConfig.shape,
  ...InternalConfig.shape,
  INTERNAL_PORT: wholeNumber({ max: 65_535 })
    .default(9094)
    .describe("Port of /metrics, /health and /ready; 0 picks a free one."),
  SLACK_BOT_TOKEN: secret().describe("Bot token (xoxb-…) with chat:write, reactions:write and the history scopes."),
  SLACK_API_URL: httpUrl().default("https://slack.com/api").describe("Address of Slack's Web API."),
  SLACK_PACE: wholeNumber({ min: 10, max: 2_000 })
    .default(90)
    .describe(
      "Percentage of Slack's published rate limits that is used, shared by all replicas; above 100 only where Slack allows more.",
    ),
  STREAM_LIFETIME_SECONDS: wholeNumber({ min: 10, max: 290 })
    .default(240)
    .describe("A streamed message is continued in a new one after this time; Slack ends a stream after about 300."),
  THREAD_LEASE_SECONDS: wholeNumber({ min: 2, max: 300 })
    .default(15)
    .describe("After this time another replica takes over the threads of one that died."),
});
export type StreamerConfig = z.infer<typeof StreamerConfig>;

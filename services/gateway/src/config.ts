import {
  CommonConfig,
  evenIfOthersAreWrong,
  GitHubConfig,
  httpUrl,
  internalConfig,
  port,
  RedisConfig,
  RetentionConfig,
  secret,
  wholeNumber,
} from "@peerbot/runtime";
import { z } from "zod";

const settings = z.object({
  ...CommonConfig.shape,
  ...RedisConfig.shape,
  ...internalConfig({ defaultPort: 9093 }).shape,
  GATEWAY_HOST: z.string().default("0.0.0.0").describe("Address the workers' API binds to."),
  GATEWAY_PORT: port().default(3200).describe("Port of the workers' API; 0 picks a free one."),
  TOKEN_SECRET: secret({ minCharacters: 32 }).describe(
    "Signs the workers' tokens, at least 32 characters; the launcher has the same.",
  ),
  ANTHROPIC_API_KEY: secret().describe("Key of the Claude API; no worker ever sees it."),
  ANTHROPIC_BASE_URL: httpUrl().default("https://api.anthropic.com").describe("Address of the Claude API."),
  MODEL: z.string().optional().describe("Model name or alias every run is given; unset means the agent's default."),
  MODEL_IDLE_TIMEOUT_SECONDS: wholeNumber({ min: 1, max: 3600 })
    .default(600)
    .describe("How long the Claude API may stay silent, before or within an answer."),
  GITHUB_TOKEN: secret().describe("Token with write access to the organization's repositories and pull requests."),
  ...GitHubConfig.shape,
  GIT_PUSH_MAX_BYTES: wholeNumber({ min: 1024 })
    .default(200 * 1024 * 1024)
    .describe("Largest push a worker may make, in bytes."),
  GCS_BUCKET: z.string().optional().describe("Bucket the conversations are kept in."),
  GCS_API_ENDPOINT: httpUrl().optional().describe("Address of the Cloud Storage API, when it is not Google's own."),
  CONVERSATION_DIRECTORY: z
    .string()
    .optional()
    .describe("Folder the conversations are kept in instead of a bucket, for an installation on one machine."),
  ...RetentionConfig.shape,
});

/** The gateway's settings. */
export const GatewayConfig = settings.refine(hasOnePlaceForConversations, {
  path: ["GCS_BUCKET"],
  error: "set either GCS_BUCKET (a bucket) or CONVERSATION_DIRECTORY (a folder), not none and not both",
  when: evenIfOthersAreWrong,
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;

function hasOnePlaceForConversations(config: {
  GCS_BUCKET?: string | undefined;
  CONVERSATION_DIRECTORY?: string | undefined;
}) {
  return (config.GCS_BUCKET === undefined) !== (config.CONVERSATION_DIRECTORY === undefined);
}

import { z } from "zod";
import { httpUrl, port, wholeNumber } from "./config.ts";

/** Settings every service has. */
export const CommonConfig = z.object({
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("How much is logged."),
  FAULT_POINTS_DIR: z
    .string()
    .optional()
    .describe(
      "For breaking tests only: folder whose files name the points where a process is to die. Unset: none does.",
    ),
});

/** Settings of everything that keeps state in Redis. */
export const RedisConfig = z.object({
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: "must look like redis://host:6379" })
    .default("redis://127.0.0.1:6379")
    .describe("Redis, 6.2 or newer, with `maxmemory-policy noeviction`."),
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]+$/, "may hold small letters, digits and hyphens")
    .default("peerbot")
    .describe("First part of every Redis key, so that several installations can share one Redis."),
});

/** How long what belongs to a session is kept in Redis, for everybody who keeps something there. */
export const RetentionConfig = z.object({
  SESSION_RETENTION_DAYS: wholeNumber({ min: 1, max: 3650 })
    .default(30)
    .describe("How long a silent session stays in Redis; its conversation outlives it in the store."),
});

/** The internal listener, never to be exposed: health, readiness, metrics, and whatever else a service shows there. */
export function internalConfig({
  defaultPort,
  serves = "/metrics, /health and /ready",
}: {
  defaultPort: number;
  serves?: string;
}) {
  return z.object({
    INTERNAL_HOST: z
      .string()
      .default("0.0.0.0")
      .describe("Address the internal listener binds to, or a name of which one address is this machine's."),
    INTERNAL_PORT: port().default(defaultPort).describe(`Port of ${serves}; 0 picks a free one.`),
  });
}

/** Where Slack is. */
export const SlackConfig = z.object({
  SLACK_API_URL: httpUrl().default("https://slack.com/api").describe("Address of Slack's Web API."),
});

/** How fast Slack may be asked, by all that share a workspace's limits. */
export const SlackPaceConfig = z.object({
  SLACK_PACE: wholeNumber({ min: 10, max: 2_000 })
    .default(90)
    .describe(
      "Percentage of Slack's published rate limits that is used, shared by all replicas; above 100 only where Slack allows more.",
    ),
});

/** Where people's repositories are. */
export const GitHubConfig = z.object({
  GITHUB_ORGANIZATION: z.string().describe("Organization that owns the repositories."),
  GITHUB_API_URL: httpUrl().default("https://api.github.com").describe("Address of GitHub's REST API."),
  GITHUB_GIT_URL: httpUrl().default("https://github.com").describe("Address of GitHub for git over HTTP."),
});

/** What whoever starts a worker tells it of how to work. */
export const WorkConfig = z.object({
  STOP_GRACE_SECONDS: wholeNumber({ min: 1, max: 600 })
    .default(30)
    .describe("How long a worker lives after it is asked to stop, to save its work and tell how it ended."),
  SAVE_MARGIN_SECONDS: wholeNumber({ min: 1, max: 3600 })
    .optional()
    .describe(
      "How long before its deadline a run saves its work; unset: 60, or a quarter of the run if that is shorter.",
    ),
  MAX_TURNS: wholeNumber({ min: 1 })
    .optional()
    .describe("Most model calls in answer to one message; unset means no limit."),
  MAX_BUDGET_USD: z.coerce
    .number("must be a number of US dollars")
    .positive("must be more than 0")
    .optional()
    .describe("What the answer to one message may cost at list prices, in US dollars; unset means no limit."),
  DOCKER_START_SECONDS: wholeNumber({ min: 1, max: 600 })
    .default(60)
    .describe("How long a run with a Docker daemon waits for it, beside the clone, before it goes on without."),
});
export type WorkConfig = z.infer<typeof WorkConfig>;

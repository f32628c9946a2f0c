import { RunOptionsConfig } from "@peerbot/contracts";
import {
  CommonConfig,
  commaSeparated,
  evenIfOthersAreWrong,
  GitHubConfig,
  httpUrl,
  internalConfig,
  RedisConfig,
  RetentionConfig,
  SlackConfig,
  secret,
  WorkConfig,
  wholeNumber,
} from "@peerbot/runtime";
import { z } from "zod";
import { parseChannelOptions } from "./launch/channel-options.ts";
import { DockerConfig } from "./runner/docker/docker-config.ts";
import { DockerInDockerConfig } from "./runner/docker-in-docker-config.ts";
import { KubernetesConfig } from "./runner/kubernetes/kubernetes-config.ts";

const settings = z.object({
  ...CommonConfig.shape,
  ...RedisConfig.shape,
  ...internalConfig({
    defaultPort: 9092,
    serves: "/metrics, /health, /ready and the queues' dashboard (/queues)",
  }).shape,
  RUNNER: z
    .enum(["process", "docker", "kubernetes"], { error: 'must be "process", "docker" or "kubernetes"' })
    .default("process")
    .describe(
      "Where workers run: each a `process` of this machine, a container of `docker`, or a Job of `kubernetes`.",
    ),
  RUNS_DIR: z
    .string()
    .default(".peerbot/runs")
    .describe("Folder of the process runner, one folder per run in it; no other installation may share it."),
  WORKER_MAIN: z
    .string()
    .optional()
    .describe(
      "The worker's program, which the process runner starts with this Node; the one beside the launcher when unset.",
    ),
  PATH: z
    .string()
    .default("/usr/local/bin:/usr/bin:/bin")
    .describe("Where workers of the process runner find programs such as git."),
  ...DockerConfig.shape,
  ...KubernetesConfig.shape,
  ...RunOptionsConfig.shape,
  ...DockerInDockerConfig.shape,
  CHANNEL_OPTIONS: z
    .string()
    .prefault("")
    .transform(parseChannelOptions)
    .describe(
      "Options of runs in a channel unless somebody there asks for others, such as C123:size=large,docker=on;C456:docker=on.",
    ),
  GATEWAY_URL: httpUrl().default("http://127.0.0.1:3200").describe("Address of the gateway as workers reach it."),
  TOKEN_SECRET: secret({ minCharacters: 32 }).describe(
    "Signs the workers' tokens, at least 32 characters; the gateway has the same.",
  ),
  SESSION_TIMEOUT_SECONDS: wholeNumber({ min: 1, max: 24 * 3600 })
    .default(3600)
    .describe("How long one run may take; the worker saves its work before."),
  ...WorkConfig.shape,
  MAX_CONCURRENT_RUNS: wholeNumber({ min: 1, max: 10_000 })
    .default(20)
    .describe("How many runs this launcher looks after at once."),
  WARM_WORKERS: wholeNumber({ max: 1_000 })
    .default(0)
    .describe(
      "How many workers wait for a run, so that it starts at once; of all launchers together, beside those that work. 0: every run has its worker started for it.",
    ),
  TAKEOVER_SECONDS: wholeNumber({ min: 1, max: 300 })
    .default(10)
    .describe("After this time another launcher takes over the sessions of one that died."),
  RATE_LIMIT_MAX: wholeNumber({ min: 1, max: 10_000 })
    .default(5)
    .describe("How many runs a person may begin within RATE_LIMIT_WINDOW_SECONDS; more wait."),
  RATE_LIMIT_WINDOW_SECONDS: wholeNumber({ min: 1, max: 7 * 24 * 3600 })
    .default(900)
    .describe("Length of the sliding window of RATE_LIMIT_MAX."),
  FAIR_SHARE_WEIGHTS: weightsByUser()
    .prefault("")
    .describe(
      "How many turns people get for each of the others' while sessions wait for room: Slack user ids with weights, U123=2,U456=0.5; who is not named has 1.",
    ),
  GITHUB_TOKEN: secret().describe("Token that may create repositories in the organization."),
  ...GitHubConfig.shape,
  SLACK_BOT_TOKEN: secret().describe("Bot token (xoxb-…), used to read people's names."),
  ...SlackConfig.shape,
  BULL_BOARD_USER: z.string().min(1).default("admin").describe("User name of the queues' dashboard."),
  BULL_BOARD_PASSWORD: secret({ minCharacters: 8 }).describe(
    "Password of the queues' dashboard, at least 8 characters.",
  ),
  ...RetentionConfig.shape,
});

/** The launcher's settings. */
export const LauncherConfig = settings
  .refine(({ RUNNER, WORKER_IMAGE }) => !needsImage(RUNNER) || WORKER_IMAGE !== undefined, {
    path: ["WORKER_IMAGE"],
    error: "is missing; RUNNER=kubernetes and RUNNER=docker need it (registry/name:tag of the worker's image)",
    when: evenIfOthersAreWrong,
  })
  .refine(
    ({ DOCKER_REGISTRY_USER: user, DOCKER_REGISTRY_PASSWORD: password }) =>
      (user === undefined) === (password === undefined),
    {
      path: ["DOCKER_REGISTRY_PASSWORD"],
      error: "belongs to DOCKER_REGISTRY_USER: set both or neither",
      when: evenIfOthersAreWrong,
    },
  )
  .refine(({ RUNNER, DOCKER_IN_DOCKER }) => RUNNER !== "process" || (DOCKER_IN_DOCKER ?? "off") === "off", {
    path: ["DOCKER_IN_DOCKER"],
    error: "must be off with RUNNER=process: its workers share this machine",
    when: evenIfOthersAreWrong,
  })
  .refine(
    ({ DOCKER_IN_DOCKER, CHANNEL_OPTIONS }) => (DOCKER_IN_DOCKER ?? "off") !== "off" || !anyDocker(CHANNEL_OPTIONS),
    {
      path: ["CHANNEL_OPTIONS"],
      error: "has docker=on, which DOCKER_IN_DOCKER=off does not allow",
      when: evenIfOthersAreWrong,
    },
  );
export type LauncherConfig = z.infer<typeof LauncherConfig>;

/** Not asked of a runner that does not exist: then that is told. */
function needsImage(runner: string): boolean {
  return runner === "docker" || runner === "kubernetes";
}

/** Unchecked when the variable itself is wrong: then that is told. */
function anyDocker(channels: unknown): boolean {
  return channels instanceof Map && [...channels.values()].some(({ docker }) => docker === true);
}

function weightsByUser() {
  return commaSeparated().transform((entries, context) => {
    const pairs = entries.map((entry) => /^([A-Z0-9]+)=(\d{1,3}(?:\.\d{1,3})?)$/.exec(entry));
    if (pairs.every((pair) => pair !== null && Number(pair[2]) > 0)) {
      return new Map(pairs.map((pair) => [pair?.[1] ?? "", Number(pair?.[2])]));
    }
    context.addIssue({ code: "custom", message: "must look like U123=2,U456=0.5, with weights above 0" });
    return z.NEVER;
  });
}

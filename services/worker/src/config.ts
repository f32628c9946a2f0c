import { isAbsolute } from "node:path";
import { CommonConfig, dockerHost, evenIfOthersAreWrong, httpUrl, secret, wholeNumber } from "@peerbot/runtime/core";
import { z } from "zod";

const settings = z.object({
  ...CommonConfig.shape,
  GATEWAY_URL: httpUrl().describe("Address of the gateway, the only one a worker talks to."),
  START_TOKEN: secret().optional().describe("Lets the worker take its run, once."),
  STANDBY_TOKEN: secret()
    .optional()
    .describe("Instead of START_TOKEN: lets the worker wait for a run, once; it knows of none before."),
  WORKSPACE_DIR: z
    .string()
    .refine(isAbsolute, "must be an absolute path")
    .describe("A folder of this worker's own; it need not exist."),
  SAVE_MARGIN_SECONDS: wholeNumber({ min: 1, max: 3600 })
    .optional()
    .describe(
      "How long before its deadline a run saves its work; unset: 60, or a quarter of the run if that is shorter.",
    ),
  MAX_TURNS: wholeNumber({ min: 1 }).optional().describe("Most model calls of one turn; unset means no limit."),
  MAX_BUDGET_USD: z.coerce
    .number("must be a number of US dollars")
    .positive("must be more than 0")
    .optional()
    .describe("What one turn may cost at list prices, in US dollars; unset means no limit."),
  CLAUDE_CODE_PATH: z
    .string()
    .refine(isAbsolute, "must be an absolute path")
    .optional()
    .describe("The Claude Code binary; unset means the one installed with the Agent SDK."),
  DOCKER_HOST: dockerHost()
    .optional()
    .describe("The Docker daemon of this run's own, for the agent's commands; unset: it has none."),
  DOCKER_START_SECONDS: wholeNumber({ min: 1, max: 600 })
    .default(60)
    .describe("How long a run with a Docker daemon waits for it, beside the clone, before it goes on without."),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin").describe("Where git and the agent's tools are found."),
});

/** A worker's settings: where the gateway is and what lets it in. Everything else comes with the assignment. */
export const WorkerConfig = settings
  .refine(({ START_TOKEN, STANDBY_TOKEN }) => START_TOKEN !== undefined || STANDBY_TOKEN !== undefined, {
    path: ["START_TOKEN"],
    error: "is missing; a worker that is to wait for its run takes STANDBY_TOKEN instead",
    when: evenIfOthersAreWrong,
  })
  .refine(({ START_TOKEN, STANDBY_TOKEN }) => START_TOKEN === undefined || STANDBY_TOKEN === undefined, {
    path: ["STANDBY_TOKEN"],
    error: "belongs in the place of START_TOKEN, not beside it",
    when: evenIfOthersAreWrong,
  });
export type WorkerConfig = z.infer<typeof WorkerConfig>;

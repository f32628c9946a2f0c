import { isAbsolute } from "node:path";
import { CommonConfig, httpUrl, secret, wholeNumber } from "@peerbot/runtime/core";
import { z } from "zod";

/** A worker's settings: where the gateway is and what lets it in. Everything else comes with the assignment. */
export const WorkerConfig = z.object({
  ...CommonConfig.shape,
  GATEWAY_URL: httpUrl().describe("Address of the gateway, the only one a worker talks to."),
  START_TOKEN: secret().describe("Lets the worker take its run, once."),
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
  DOCKER_HOST: z
    .string()
    .optional()
    .describe("The Docker daemon of this run's own, for the agent's commands; unset: it has none."),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin").describe("Where git and the agent's tools are found."),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

import { isAbsolute } from "node:path";
import { CommonConfig, dockerHost, evenIfOthersAreWrong, httpUrl, secret, WorkConfig } from "@peerbot/runtime/core";
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
  ...WorkConfig.shape,
  CLAUDE_CODE_PATH: z
    .string()
    .refine(isAbsolute, "must be an absolute path")
    .optional()
    .describe("The Claude Code binary; unset means the one installed with the Agent SDK."),
  DOCKER_HOST: dockerHost()
    .optional()
    .describe("The Docker daemon of this run's own, for the agent's commands; unset: it has none."),
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

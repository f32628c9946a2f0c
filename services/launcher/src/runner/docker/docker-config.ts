import { dockerHost, flag, secret, wholeNumber } from "@peerbot/runtime";
import { z } from "zod";
import { ContainerConfig } from "../container-config.ts";
import { parseSubnetPool } from "./subnets.ts";

/** The settings of RUNNER=docker. */
export const DockerConfig = z.object({
  ...ContainerConfig.shape,
  DOCKER_HOST: dockerHost()
    .default("unix:///var/run/docker.sock")
    .describe("The Docker engine that runs the workers: its socket, or a docker-proxy in front of it."),
  DOCKER_INSTANCE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "may hold small letters, digits and hyphens")
    .default("peerbot")
    .describe(
      "Tells this installation's containers from those of others on the same engine; workers nobody here knows are ended.",
    ),
  DOCKER_GATEWAY: z
    .enum(["container", "host"], { error: "must be container or host" })
    .default("container")
    .describe(
      "Where workers find the gateway: in containers labelled claude.ai/role=gateway and claude.ai/instance=(DOCKER_INSTANCE), which join each run's network, or on the engine's own machine, whose other open ports they then reach too.",
    ),
  DOCKER_SUBNETS: z
    .string()
    .default("10.213.0.0/16")
    .transform(parseSubnetPool)
    .describe("Private addresses of the runs' networks; each run takes 16 of them for as long as it lasts."),
  DOCKER_INTERNET: flag()
    .default(false)
    .describe(
      "Whether workers reach the internet. They then reach whatever else the engine's machine reaches, unless its firewall refuses DOCKER_SUBNETS.",
    ),
  DOCKER_PROCESSES: wholeNumber({ min: 64, max: 1_000_000 })
    .default(2_048)
    .describe("How many processes and threads a worker may have."),
  DOCKER_TMP_MIB: wholeNumber({ min: 16, max: 65_536 })
    .default(512)
    .describe("How large a worker's /tmp may grow, in MiB; it counts as the worker's memory."),
  DOCKER_WORKSPACE_GIB: wholeNumber({ min: 1, max: 1024 })
    .optional()
    .describe(
      "How large a worker's workspace may grow, in GiB; unset: as large as the disk. Needs an engine with project quotas (XFS).",
    ),
  DOCKER_REGISTRY_USER: z.string().optional().describe("User name for pulling the workers' image."),
  DOCKER_REGISTRY_PASSWORD: secret().optional().describe("Password or token for pulling the workers' image."),
});
export type DockerConfig = z.infer<typeof DockerConfig>;

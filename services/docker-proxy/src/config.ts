import { DockerDaemonConfig, RunOptionsConfig } from "@peerbot/contracts";
import { CommonConfig, flag, internalConfig, port } from "@peerbot/runtime";
import { z } from "zod";

/** The Docker proxy's settings. */
export const DockerProxyConfig = z.object({
  ...CommonConfig.shape,
  ...internalConfig({ defaultPort: 9094 }).shape,
  DOCKER_PROXY_HOST: z
    .string()
    .default("0.0.0.0")
    .describe("Address the proxy listens on; only launchers may reach it."),
  DOCKER_PROXY_PORT: port().default(2375).describe("Port for the launcher's DOCKER_HOST; 0 picks a free one."),
  DOCKER_SOCKET: z.string().default("/var/run/docker.sock").describe("Socket of the Docker engine."),
  DOCKER_INSTANCE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "may hold small letters, digits and hyphens")
    .default("peerbot")
    .describe("Whose containers these are, as the launcher has it: nothing else is touched."),
  WORKER_IMAGE: z.string().min(1).describe("The one image workers may have, as the launcher has it."),
  DOCKER_IN_DOCKER: RunOptionsConfig.shape.DOCKER_IN_DOCKER,
  ...DockerDaemonConfig.shape,
  DOCKER_INTERNET: flag().default(false).describe("Whether networks of runs may lead out, as the launcher has it."),
});
export type DockerProxyConfig = z.infer<typeof DockerProxyConfig>;

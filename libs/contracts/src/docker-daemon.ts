import { z } from "zod";
import type { RunOptionsConfig } from "./run-options-config.ts";

/** Which Docker daemon runs may have beside them, for who starts it and for who says what may be started. */
export const DockerDaemonConfig = z.object({
  DOCKER_IN_DOCKER_IMAGE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Image of the Docker daemon beside a worker that asked for one; unset: docker:28-dind, or docker:28-dind-rootless with DOCKER_IN_DOCKER=rootless.",
    ),
});
export type DockerDaemonConfig = z.infer<typeof DockerDaemonConfig>;

/** How the daemon runs: as an ordinary user, or as root. */
export type DockerMode = Exclude<RunOptionsConfig["DOCKER_IN_DOCKER"], "off">;

/** The image of Docker itself for each mode. */
const IMAGES: Readonly<Record<DockerMode, string>> = {
  rootless: "docker:28-dind-rootless",
  privileged: "docker:28-dind",
};

/** The image of the daemon under these settings; empty where no run has one. */
export function daemonImageOf({
  DOCKER_IN_DOCKER: mode,
  DOCKER_IN_DOCKER_IMAGE: own,
}: Pick<RunOptionsConfig, "DOCKER_IN_DOCKER"> & DockerDaemonConfig): string {
  return mode === "off" ? "" : (own ?? IMAGES[mode]);
}

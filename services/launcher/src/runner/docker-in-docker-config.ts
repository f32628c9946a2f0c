import { DockerDaemonConfig } from "@peerbot/contracts";
import { wholeNumber } from "@peerbot/runtime";
import { z } from "zod";

/** The Docker daemon beside a worker whose run asks for one. */
export const DockerInDockerConfig = z.object({
  ...DockerDaemonConfig.shape,
  DOCKER_IN_DOCKER_LIMITS: z
    .string()
    .regex(/^\d+(\.\d+)?:\d+(\.\d+)?$/, "must look like 2:4 (CPUs:GiB)")
    .default("2:4")
    .transform((text) => {
      const [cpus = 0, memoryGib = 0] = text.split(":").map(Number);
      return { cpus, memoryGib };
    })
    .refine(({ cpus, memoryGib }) => cpus > 0 && memoryGib > 0, "must be more than 0")
    .describe("What the daemon and all its containers may use together, on top of the worker: CPUs and GiB of memory."),
  DOCKER_IN_DOCKER_STORAGE_GIB: wholeNumber({ min: 1, max: 1024 })
    .default(20)
    .describe("How much the daemon may store, in GiB: images, containers, volumes."),
});
export type DockerInDockerConfig = z.infer<typeof DockerInDockerConfig>;

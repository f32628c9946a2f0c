import { WORKER_SIZES } from "@peerbot/contracts";
import { z } from "zod";
import { parseWorkerSizes } from "./worker-sizes.ts";

/** What all runners that put workers into containers have in common. */
export const ContainerConfig = z.object({
  WORKER_IMAGE: z
    .string()
    .min(1)
    .optional()
    .describe("Image of the workers; needed with RUNNER=kubernetes and RUNNER=docker."),
  WORKER_IMAGE_PULL_POLICY: z
    .enum(["Always", "IfNotPresent", "Never"], { error: "must be Always, IfNotPresent or Never" })
    .default("IfNotPresent")
    .describe("When the image of the workers is pulled."),
  WORKER_SIZES: z
    .string()
    .default("small=1:2,standard=2:4,large=4:8")
    .transform(parseWorkerSizes)
    .describe("What a worker of each size may use at most: CPUs and GiB of memory."),
  WORKER_SIZE: z
    .enum(WORKER_SIZES, { error: "must be small, standard or large" })
    .default("standard")
    .describe("Size of a worker whose run asks for none."),
});
export type ContainerConfig = z.infer<typeof ContainerConfig>;

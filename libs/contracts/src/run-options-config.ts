import { z } from "zod";
import { WORKER_SIZES, type WorkerSize } from "./run-options.ts";

/** Which options people may choose, for who answers them and for who starts workers. */
export const RunOptionsConfig = z.object({
  ALLOWED_SIZES: z
    .string()
    .default(WORKER_SIZES.join(","))
    .transform(parseSizes)
    .describe("Sizes of worker people may ask for (size=large), with commas between them."),
  DOCKER_IN_DOCKER: z
    .enum(["off", "rootless", "privileged"], { error: "must be off, rootless or privileged" })
    .default("off")
    .describe(
      "Whether runs may have a Docker of their own (docker=on), and whether its daemon runs as an ordinary user or as root.",
    ),
});
export type RunOptionsConfig = z.infer<typeof RunOptionsConfig>;

function parseSizes(text: string, context: z.RefinementCtx<string>): WorkerSize[] {
  const entries = text.split(",").map((entry) => entry.trim());
  const sizes = WORKER_SIZES.filter((size) => entries.includes(size));
  if (!entries.every((entry) => sizes.some((size) => size === entry))) {
    context.addIssue({ code: "custom", message: `must be of ${WORKER_SIZES.join(", ")}, with commas between them` });
  }
  return sizes;
}

import { WORKER_SIZES, type WorkerSize } from "@peerbot/contracts";
import type { z } from "zod";

/** What the container of a worker may use at most. */
export interface WorkerLimits {
  /** CPUs, such as 0.5. */
  cpus: number;
  memoryGib: number;
}

const ENTRY = /^(\w+)=(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/;

/** Reads `small=1:2,standard=2:4,large=4:8`: CPUs and GiB of each size. Mistakes are told through `context`. */
export function parseWorkerSizes(text: string, context: z.RefinementCtx<string>): Record<WorkerSize, WorkerLimits> {
  const limits = new Map<string, WorkerLimits>();
  for (const entry of text.split(",").map((each) => each.trim())) {
    const [, size = "", cpus = "", memoryGib = ""] = ENTRY.exec(entry) ?? [];
    limits.set(size, { cpus: Number(cpus), memoryGib: Number(memoryGib) });
  }
  const isUsable = ({ cpus, memoryGib }: WorkerLimits) => cpus > 0 && memoryGib > 0;
  const isWhole = limits.size === WORKER_SIZES.length && WORKER_SIZES.every((size) => limits.has(size));
  if (!isWhole || ![...limits.values()].every(isUsable)) {
    context.addIssue({ code: "custom", message: "must look like small=1:2,standard=2:4,large=4:8 (CPUs:GiB)" });
  }
  const of = (size: WorkerSize) => limits.get(size) ?? { cpus: 0, memoryGib: 0 };
  return { small: of("small"), standard: of("standard"), large: of("large") };
}

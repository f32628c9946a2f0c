import { z } from "zod";

const Duration = z.number().int().min(0).max(3_600_000);
const hindrance = { message: z.string().optional(), passesAfterMs: Duration.optional() };
const mishap = { afterMs: Duration.default(0) };

/**
 * What befalls a Job's pod. Hindrances keep it from starting, for good or until `passesAfterMs`; mishaps meet it once it
 * runs, `afterMs` later. Without `job`, the next Job that is created is meant.
 */
export const ClusterFault = z.discriminatedUnion("kind", [
  /** The Job itself is refused: the namespace's quota of Jobs is used up. */
  z.object({ kind: z.literal("job-quota") }),
  /** The Job gets no pod: the namespace's quota of CPU is used up. */
  z.object({ kind: z.literal("pod-quota"), ...hindrance }),
  /** The Job gets no pod for another reason. */
  z.object({ kind: z.literal("pod-refused"), ...hindrance }),
  z.object({ kind: z.literal("unschedulable"), ...hindrance }),
  z.object({ kind: z.literal("image-pull"), ...hindrance }),
  z.object({ kind: z.literal("out-of-memory"), ...mishap }),
  /** By the node, which is short of something. */
  z.object({ kind: z.literal("evicted"), ...mishap }),
  /** By the scheduler, for a pod of higher priority. */
  z.object({ kind: z.literal("preempted"), ...mishap }),
  /** Through the eviction API, as `kubectl drain` does. */
  z.object({ kind: z.literal("drained"), ...mishap }),
  /** The node is out of reach: its pod is given up, but runs on unseen. */
  z.object({ kind: z.literal("node-lost"), ...mishap }),
  /** The node is gone and its pods are cleared away. */
  z.object({ kind: z.literal("node-removed"), ...mishap }),
]);
export type ClusterFault = z.infer<typeof ClusterFault>;
export type FaultOf<Kind extends ClusterFault["kind"]> = Extract<ClusterFault, { kind: Kind }>;

export const InjectClusterFault = z.object({ fault: ClusterFault, job: z.string().optional() });
export type InjectClusterFault = z.input<typeof InjectClusterFault>;

export type ClusterFaults = ReturnType<typeof createClusterFaults>;

/** Which Job meets which fault. */
export function createClusterFaults() {
  const waiting: z.infer<typeof InjectClusterFault>[] = [];
  const assigned = new Map<string, { fault: ClusterFault; since: number }>();
  return {
    inject: (fault: InjectClusterFault): void => void waiting.push(InjectClusterFault.parse(fault)),
    clear(): void {
      waiting.length = 0;
      assigned.clear();
    },
    /** Called once for each Job that somebody wants to create. */
    assign(job: string): ClusterFault | undefined {
      const at = waiting.findIndex((each) => each.job === undefined || each.job === job);
      const [found] = at < 0 ? [] : waiting.splice(at, 1);
      if (found !== undefined) assigned.set(job, { fault: found.fault, since: Date.now() });
      return found?.fault;
    },
    /** The fault a Job has, while it lasts. */
    of(job: string): ClusterFault | undefined {
      const found = assigned.get(job);
      if (found === undefined) return undefined;
      const { fault, since } = found;
      const passesAfterMs = "passesAfterMs" in fault ? fault.passesAfterMs : undefined;
      return passesAfterMs !== undefined && Date.now() >= since + passesAfterMs ? undefined : fault;
    },
  };
}

import type { ClusterFault } from "./cluster-faults.ts";
import { deleteObject } from "./delete-object.ts";
import { type Pod, withCondition } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";

interface Disruption {
  /** Of the DisruptionTarget condition. */
  reason: string;
  message: string;
  /** The pod's last phase and reason, when the disruption itself ends it. */
  final?: { phase: "Failed"; reason?: string; message?: string };
  isDeleted: boolean;
}

const LOW = "The node was low on resource: memory. Container worker was using 4097Mi, request is 4096Mi";

const DISRUPTIONS: Readonly<Partial<Record<ClusterFault["kind"], Disruption>>> = {
  evicted: {
    reason: "TerminationByKubelet",
    message: LOW,
    final: { phase: "Failed", reason: "Evicted", message: LOW },
    isDeleted: false,
  },
  preempted: {
    reason: "PreemptionByScheduler",
    message: "default-scheduler: preempting to accommodate a higher priority pod",
    isDeleted: true,
  },
  drained: { reason: "EvictionByEvictionAPI", message: "Eviction API: evicting", isDeleted: true },
  "node-lost": {
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    isDeleted: true,
  },
  "node-removed": {
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    final: { phase: "Failed" },
    isDeleted: true,
  },
};

/** Lets the control plane do to a pod what a fault says. `isKilled`: nothing asks its processes before they end. */
export function disrupt(store: ObjectStore, pod: Pod, kind: ClusterFault["kind"]): { isKilled: boolean } {
  const disruption = DISRUPTIONS[kind];
  if (disruption === undefined) return { isKilled: kind === "out-of-memory" };
  const { reason, message, final, isDeleted } = disruption;
  const { namespace, name } = pod.metadata;
  const condition = { type: "DisruptionTarget", status: "True", reason, message } as const;
  const marked = store.update("pods", namespace, name, (now) => {
    const status = { ...now.status, ...final, conditions: withCondition(now.status.conditions, condition) };
    return { ...now, status };
  });
  if (isDeleted) deleteObject(store, "pods", marked, {});
  return { isKilled: final !== undefined };
}

import type { V1ContainerStateTerminated, V1Pod, V1PodCondition } from "@kubernetes/client-node";
import type { EndReason } from "@peerbot/contracts";
import { signalOf } from "../exit-signal.ts";
import type { RunEnd } from "../session-runner.ts";
import { withoutTokens } from "../without-tokens.ts";
import { workerStatusOf } from "./observed-run.ts";

const DETAIL_CHARACTERS = 1_000;

/** Why Kubernetes ended a pod, by the reason of its DisruptionTarget condition (documented under "pod disruptions"). */
const DISRUPTIONS: Readonly<Record<string, EndReason>> = {
  PreemptionByScheduler: "evicted",
  EvictionByEvictionAPI: "evicted",
  TerminationByKubelet: "evicted",
  DeletionByTaintManager: "node-lost",
  DeletionByPodGC: "node-lost",
};

/** Reasons the node itself gives for ending a pod, in `status.reason`. */
const POD_REASONS: Readonly<Record<string, EndReason>> = {
  Evicted: "evicted",
  Preempting: "evicted",
  Shutdown: "evicted",
  NodeShutdown: "evicted",
  Terminated: "evicted",
  NodeLost: "node-lost",
  DeadlineExceeded: "deadline-exceeded",
};

/** The node had less room than the scheduler thought: OutOfcpu, OutOfmemory, OutOfpods and the like. */
const NO_ROOM = /^OutOf/;

/** The node went down and came back without the container: containerd's word for it, and kubelet's own. */
const LOST_WITH_NODE = new Set(["Unknown", "ContainerStatusUnknown"]);

/** How a run ended whose pod has, from what the pod says. `isDeadlineOver` as the Job says it. */
export function endOfPod(pod: V1Pod, { isDeadlineOver }: { isDeadlineOver: boolean }): RunEnd {
  const terminated = terminatedOf(pod);
  const seen = exitOf(terminated);
  // Once the deadline passed that is the reason, however well the worker used its last seconds.
  if (isDeadlineOver) return { reason: "deadline-exceeded", ...seen };
  if (terminated?.exitCode === 0) return { reason: "completed", ...seen };
  const disruption = disruptionOf(pod);
  const reason = reasonOf(pod, terminated, disruption);
  const detail = detailOf(pod, terminated, disruption);
  return { reason, ...seen, ...(detail === "" ? {} : { detail }) };
}

function reasonOf(
  pod: V1Pod,
  terminated: V1ContainerStateTerminated | undefined,
  disruption: V1PodCondition | undefined,
): EndReason {
  if (terminated?.reason === "OOMKilled") return "out-of-memory";
  if (terminated?.message?.includes("JavaScript heap out of memory")) return "out-of-memory";
  const { phase, reason = "" } = pod.status ?? {};
  const known = DISRUPTIONS[disruption?.reason ?? ""] ?? POD_REASONS[reason];
  if (known !== undefined) return known;
  if (NO_ROOM.test(reason)) return "evicted";
  if (terminated?.reason === "ContainerCannotRun" || terminated?.reason === "StartError") return "could-not-start";
  // Somebody deleted the pod or its Job; a worker that fails by itself has no deletion timestamp.
  if (pod.metadata?.deletionTimestamp !== undefined) return "deleted";
  // Its node refused it, or it vanished in the middle.
  if (terminated === undefined) return phase === "Failed" ? "could-not-start" : "deleted";
  return LOST_WITH_NODE.has(terminated.reason ?? "") ? "node-lost" : "crashed";
}

/** True when Kubernetes has marked the pod as one it takes away because its node is out of reach. */
export function isNodeLost(pod: V1Pod): boolean {
  const disruption = DISRUPTIONS[disruptionOf(pod)?.reason ?? ""];
  return disruption === "node-lost" || POD_REASONS[pod.status?.reason ?? ""] === "node-lost";
}

function disruptionOf(pod: V1Pod): V1PodCondition | undefined {
  return pod.status?.conditions?.find(({ type, status }) => type === "DisruptionTarget" && status === "True");
}

function terminatedOf(pod: V1Pod): V1ContainerStateTerminated | undefined {
  return workerStatusOf(pod)?.state?.terminated;
}

function exitOf(terminated: V1ContainerStateTerminated | undefined): Pick<RunEnd, "exitCode" | "signal"> {
  if (terminated === undefined) return {};
  const signal = signalOf(terminated.exitCode);
  return signal === undefined ? { exitCode: terminated.exitCode } : { signal };
}

function detailOf(
  pod: V1Pod,
  terminated: V1ContainerStateTerminated | undefined,
  disruption: V1PodCondition | undefined,
): string {
  const words = [disruption?.message, pod.status?.message, terminated?.message].filter((text) => text !== undefined);
  return withoutTokens(words.join("; ")).trim().slice(-DETAIL_CHARACTERS);
}

import type { V1ContainerStatus, V1Job, V1Pod } from "@kubernetes/client-node";
import { WORKER_CONTAINER } from "./worker-container.ts";

/** What is known of a run's objects. Each is kept as last seen when it is gone. */
export interface ObservedRun {
  job: V1Job | undefined;
  isJobGone: boolean;
  pod: V1Pod | undefined;
  isPodGone: boolean;
  /** Why the Job got no pod, in the words of its event. */
  podRefusal: string | undefined;
}

export const NOTHING_SEEN: ObservedRun = {
  job: undefined,
  isJobGone: false,
  pod: undefined,
  isPodGone: false,
  podRefusal: undefined,
};

/** True when the API server has nothing left of the run. */
export function isGone({ job, isJobGone, pod, isPodGone }: ObservedRun): boolean {
  return (job === undefined || isJobGone) && (pod === undefined || isPodGone);
}

/** The finishing condition of a Job, if it has one. */
export function finishOf(job: V1Job | undefined): { isComplete: boolean; reason: string; message: string } | undefined {
  const condition = job?.status?.conditions?.find(
    ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
  );
  if (condition === undefined) return undefined;
  const { type, reason = "", message = "" } = condition;
  return { isComplete: type === "Complete", reason, message };
}

/** True once its containers have ended for good. */
export function isTerminal(pod: V1Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Milliseconds since 1970 by which a pod that is being ended should be gone. */
export function goneBy(pod: V1Pod): number | undefined {
  const time = pod.metadata?.deletionTimestamp;
  // Lists are typed with dates, what a watch delivers still has the texts.
  return time === undefined ? undefined : new Date(time).getTime();
}

/** The worker's own container: a cluster may put others beside it. */
export function workerStatusOf(pod: V1Pod | undefined): V1ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === WORKER_CONTAINER);
}

/** True once the worker's container was made, and thus has its environment. */
export function hasStarted(pod: V1Pod | undefined): boolean {
  const state = workerStatusOf(pod)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

import { setTimeout as pause } from "node:timers/promises";
import type { ClusterFaults } from "./cluster-faults.ts";
import { collectGarbage, deleteObject, releasePod } from "./delete-object.ts";
import { isTerminal, type Job, type Pod, timestamp, withCondition } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import { type PodSecurityLevel, podSecurityViolations } from "./pod-security.ts";
import { recordEvent } from "./record-event.ts";

const RETRY_MS = 300;
/** Keeps a pod until its Job has counted how it ended. */
const TRACKING = "batch.kubernetes.io/job-tracking";
/** How long a pod without a node that is to go stays; a cluster looks every 20 seconds. */
const POD_GC_MS = 500;
const QUOTA = "exceeded quota: workers, requested: requests.cpu=1, used: requests.cpu=20, limited: requests.cpu=20";

export interface JobControllerOptions {
  store: ObjectStore;
  faults: ClusterFaults;
  /** What the namespace demands of pods. */
  podSecurity: PodSecurityLevel;
  signal: AbortSignal;
}

/** Makes pods for Jobs and sums up in the Jobs' status what becomes of them, until aborted. */
export function runJobController({ store, faults, podSecurity, signal }: JobControllerOptions): void {
  /** Uids of Jobs that have or had a pod, by the pod as last seen: a pod may be taken away before it ended. */
  const lastPods = new Map<string, Pod>();
  const deadlines = new Map<string, number>();
  let isScheduled = false;

  const unlisten = store.listen((change) => {
    if (change.plural === "pods") {
      const pod = change.object as Pod;
      const owner = pod.metadata.ownerReferences?.[0]?.uid;
      if (owner !== undefined) lastPods.set(owner, pod);
    }
    if (change.plural !== "events") syncSoon();
  });
  signal.addEventListener("abort", unlisten, { once: true });

  /** After what is being done now, so that nobody's change is met half done. */
  function syncSoon(delayMs = 0): void {
    if (delayMs === 0 && isScheduled) return;
    if (delayMs === 0) isScheduled = true;
    pause(delayMs, undefined, { signal, ref: false }).then(
      () => {
        if (delayMs === 0) isScheduled = false;
        collectGarbage(store);
        for (const job of store.list("jobs")) sync(job);
        for (const pod of store.list("pods")) track(pod);
      },
      () => undefined,
    ); // aborted
  }

  /** Pods are counted once they have ended, or nobody counts them any more. */
  function track(pod: Pod): void {
    const owner = pod.metadata.ownerReferences?.[0]?.uid;
    const job = store.list("jobs").find(({ metadata }) => metadata.uid === owner);
    const isUncounted = job === undefined || job.metadata.deletionTimestamp !== undefined || isFinished(job);
    if (isUncounted || isTerminal(pod)) {
      releasePod(store, pod, TRACKING);
      return;
    }
    const isStranded = pod.metadata.deletionGracePeriodSeconds === 0 && pod.spec.nodeName === undefined;
    if (!isStranded) return;
    const { namespace, name, uid } = pod.metadata;
    pause(POD_GC_MS, undefined, { signal, ref: false }).then(
      () => {
        if (store.find("pods", namespace, name)?.metadata.uid !== uid) return;
        store.update("pods", namespace, name, (now) => ({ ...now, status: { ...now.status, phase: "Failed" } }));
      },
      () => undefined,
    ); // aborted
  }

  function sync(job: Job): void {
    if (job.metadata.deletionTimestamp !== undefined || isFinished(job)) return;
    const pod = lastPods.get(job.metadata.uid);
    const isGone = pod !== undefined && store.find("pods", pod.metadata.namespace, pod.metadata.name) === undefined;
    const living = pod === undefined || isGone || isTerminal(pod) ? undefined : pod;
    const deadline = deadlineOf(job);
    if (deadline !== undefined) lookAgainAt(job, deadline);
    if (job.spec.suspend === true) suspend(job, living);
    else if (job.status.startTime === undefined) begin(job);
    else if (deadline !== undefined && Date.now() >= deadline) missDeadline(job, living);
    else if (pod === undefined) createPod(job);
    else if (living === undefined) sumUp(job, pod);
    else setStatus(job, (status) => (status.active === 1 ? status : { ...status, active: 1 }));
  }

  function begin(job: Job): void {
    setStatus(job, (status) => ({ ...status, startTime: new Date().toISOString() }));
  }

  /** The deadline may be moved while the Job runs. */
  function lookAgainAt({ metadata: { uid } }: Job, deadline: number): void {
    if (deadlines.get(uid) === deadline) return;
    deadlines.set(uid, deadline);
    syncSoon(Math.max(0, deadline - Date.now()) + 1);
  }

  function sumUp(job: Job, pod: Pod): void {
    if (pod.status.phase === "Succeeded") finish(job, { type: "Complete", reason: "CompletionsReached" });
    else {
      const message = "Job has reached the specified backoff limit";
      finish(job, { type: "Failed", reason: "BackoffLimitExceeded", message });
    }
  }

  function createPod(job: Job): void {
    const { name, namespace, uid } = job.metadata;
    const refusal = refusalOf(job);
    if (refusal !== undefined) {
      recordEvent(store, job, {
        reason: "FailedCreate",
        message: `Error creating: pods "${name}-" is forbidden: ${refusal}`,
      });
      syncSoon(RETRY_MS);
      return;
    }
    const { metadata, spec } = job.spec.template;
    const jobLabels = {
      "batch.kubernetes.io/job-name": name,
      "job-name": name,
      "batch.kubernetes.io/controller-uid": uid,
    };
    store.create("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...{ uid: "", resourceVersion: "", creationTimestamp: "" },
        name: `${name}-${Math.random().toString(36).slice(2, 7).padEnd(5, "x")}`,
        namespace,
        labels: { ...metadata?.labels, ...jobLabels },
        annotations: { ...metadata?.annotations },
        finalizers: [TRACKING],
        ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid }],
      },
      spec: structuredClone(spec),
      status: { phase: "Pending" },
    });
  }

  function refusalOf({ metadata, spec }: Job): string | undefined {
    const fault = faults.of(metadata.name);
    if (fault?.kind === "pod-quota") return fault.message ?? QUOTA;
    if (fault?.kind === "pod-refused") return fault.message ?? "no webhook of the cluster wants it";
    const violations = podSecurityViolations(spec.template.spec, podSecurity);
    if (violations.length === 0) return undefined;
    return `violates PodSecurity "${podSecurity}:latest": ${violations.join(", ")}`;
  }

  function suspend(job: Job, living: Pod | undefined): void {
    if (living !== undefined && living.metadata.deletionTimestamp === undefined)
      deleteObject(store, "pods", living, {});
    const isTold = job.status.conditions?.some(({ type, status }) => type === "Suspended" && status === "True");
    if (isTold) return;
    const condition = { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" } as const;
    setStatus(job, (status) => ({ ...status, active: 0, conditions: withCondition(status.conditions, condition) }));
  }

  function missDeadline(job: Job, living: Pod | undefined): void {
    const why = { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
    if (living === undefined) {
      finish(job, { type: "Failed", ...why });
      return;
    }
    if (living.metadata.deletionTimestamp === undefined) deleteObject(store, "pods", living, {});
    announce(job, "FailureTarget", why);
  }

  /** A Job says what it will come to before it has: it ends for good only once its pods have. */
  function announce(job: Job, type: "FailureTarget" | "SuccessCriteriaMet", why: { reason: string; message?: string }) {
    if (job.status.conditions?.some((condition) => condition.type === type)) return;
    const conditions = withCondition(job.status.conditions, { type, status: "True", ...why });
    setStatus(job, (status) => ({ ...status, conditions }));
  }

  function finish(job: Job, condition: { type: "Complete" | "Failed"; reason: string; message?: string }): void {
    const outcome = condition.type === "Complete" ? { succeeded: 1, completionTime: timestamp() } : { failed: 1 };
    const { type, ...why } = condition;
    announce(job, type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget", why);
    const told = store.get("jobs", job.metadata.namespace, job.metadata.name).status.conditions;
    const conditions = withCondition(told, { status: "True", ...condition });
    setStatus(job, (status) => ({ ...status, ...outcome, active: 0, conditions }));
    const { ttlSecondsAfterFinished } = job.spec;
    if (ttlSecondsAfterFinished === undefined) return;
    pause(ttlSecondsAfterFinished * 1_000, undefined, { signal, ref: false }).then(
      () => {
        const now = store.find("jobs", job.metadata.namespace, job.metadata.name);
        if (now?.metadata.uid === job.metadata.uid) deleteObject(store, "jobs", now, { propagation: "Background" });
      },
      () => undefined,
    ); // aborted
  }

  function setStatus({ metadata }: Job, change: (status: Job["status"]) => Job["status"]): void {
    store.update("jobs", metadata.namespace, metadata.name, (now) => {
      const status = change(now.status);
      return status === now.status ? now : { ...now, status };
    });
  }
}

function isFinished({ status }: Job): boolean {
  return status.conditions?.some(({ type }) => type === "Complete" || type === "Failed") ?? false;
}

function deadlineOf({ spec, status }: Job): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status.startTime === undefined) return undefined;
  return new Date(status.startTime).getTime() + spec.activeDeadlineSeconds * 1_000;
}

import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { EndReason } from "@peerbot/contracts";
import type { RunEnd } from "../session-runner.ts";
import { endOfPod, isNodeLost } from "./end-of-pod.ts";
import { finishOf, goneBy, isTerminal, type ObservedRun } from "./observed-run.ts";
import { type StartTrouble, startTroubleOf } from "./start-trouble.ts";

/** What a run's objects say of it now. */
export type Verdict =
  | { kind: "living" }
  | { kind: "troubled"; trouble: StartTrouble }
  | { kind: "ended"; end: RunEnd }
  /** The Job has ended, but of its pod nothing is known: it has to be asked for. */
  | { kind: "pod-unknown" };

/** Written on the Job of a run that was given up, so that every launcher tells the same end. */
export const END_REASON_ANNOTATION = "claude.ai/end-reason";
export const END_DETAIL_ANNOTATION = "claude.ai/end-detail";

/** What the verdict depends on besides the run. */
interface Circumstances {
  /** Milliseconds since 1970. */
  now: number;
  /** The pod was asked for, so that none seen means none there. */
  isPodKnown: boolean;
  /** How long a pod may be there after it should be gone. */
  goneSeconds: number;
}

/** Decides from what was seen. */
export function judgeRun(run: ObservedRun, circumstances: Circumstances): Verdict {
  const { job, pod } = run;
  const givenUp = givenUpOf(job);
  if (givenUp !== undefined) return isLetGo(run, circumstances) ? { kind: "ended", end: givenUp } : { kind: "living" };
  if (pod !== undefined) return judgePod(pod, run, circumstances) ?? judgeStart(run);
  if (run.isJobGone || job === undefined)
    return { kind: "ended", end: { reason: "deleted", detail: "its Job is gone" } };
  if (finishOf(job) === undefined) return judgeStart(run);
  return circumstances.isPodKnown ? { kind: "ended", end: endOfJob(job) } : { kind: "pod-unknown" };
}

/** The end of a run whose pod has ended or never will; `undefined` while it may live. */
function judgePod(pod: V1Pod, run: ObservedRun, circumstances: Circumstances): Verdict | undefined {
  if (!isTerminal(pod) && !run.isPodGone) return isOverdue(pod, circumstances) ? ended(lostEnd(pod)) : undefined;
  const finish = finishOf(run.job);
  const isDeadlineOver = finish?.reason === "DeadlineExceeded";
  const wasEnded = pod.metadata?.deletionTimestamp !== undefined;
  // Whoever deleted the pod, the Job's controller for its deadline or a person, shows in the Job a moment later.
  const isJobUndecided = run.job !== undefined && !run.isJobGone && finish === undefined;
  if (wasEnded && isJobUndecided) return { kind: "living" };
  return ended(endOfPod(pod, { isDeadlineOver }));
}

function judgeStart(run: ObservedRun): Verdict {
  const trouble = run.isJobGone ? undefined : startTroubleOf(run);
  return trouble === undefined ? { kind: "living" } : { kind: "troubled", trouble };
}

function ended(end: RunEnd): Verdict {
  return { kind: "ended", end };
}

/** A Job that ended before it had a pod. */
function endOfJob(job: V1Job): RunEnd {
  const finish = finishOf(job);
  if (finish?.isComplete) return { reason: "completed", exitCode: 0 };
  if (finish?.reason === "DeadlineExceeded") return { reason: "deadline-exceeded", detail: finish.message };
  return { reason: "deleted", detail: `its pod is gone; the Job says: ${finish?.message || finish?.reason}` };
}

function lostEnd(pod: V1Pod): RunEnd {
  const node = pod.spec?.nodeName ?? "its node";
  const why = isNodeLost(pod) ? "is out of reach" : "does not end the pod";
  return { reason: "node-lost", detail: `${node} ${why}` };
}

function isOverdue(pod: V1Pod, { now, goneSeconds }: Circumstances): boolean {
  const due = goneBy(pod);
  return due !== undefined && now > due + goneSeconds * 1_000;
}

/** No node takes a pod that is being deleted; it stays for up to half a minute, until the control plane clears it away. */
function isOnNoNode({ metadata, spec }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined && spec?.nodeName === undefined;
}

function givenUpOf(job: V1Job | undefined): RunEnd | undefined {
  const annotations = job?.metadata?.annotations ?? {};
  const reason = EndReason.safeParse(annotations[END_REASON_ANNOTATION]);
  if (!reason.success) return undefined;
  return { reason: reason.data, detail: annotations[END_DETAIL_ANNOTATION] ?? "" };
}

/** True once nothing of a run that was given up can come alive any more. */
function isLetGo({ pod, isPodGone }: ObservedRun, circumstances: Circumstances): boolean {
  return pod === undefined || isPodGone || isTerminal(pod) || isOnNoNode(pod) || isOverdue(pod, circumstances);
}

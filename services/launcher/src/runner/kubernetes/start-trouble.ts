import type { EndReason } from "@peerbot/contracts";
import { isQuotaMessage } from "./api-failure.ts";
import { hasStarted, type ObservedRun, workerStatusOf } from "./observed-run.ts";

/** Why a worker does not come up. It may still pass: the reason counts once it stood for as long as we are patient. */
export interface StartTrouble {
  reason: EndReason;
  detail: string;
  /** `room` passes when others leave; `other` hardly does. */
  kind: "room" | "other";
}

const IMAGE_REASONS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

/** Reasons a container waits for in the ordinary course of things. */
const ORDINARY = new Set(["ContainerCreating", "PodInitializing"]);

/** What keeps a worker from coming up, if anything does. */
export function startTroubleOf(run: ObservedRun): StartTrouble | undefined {
  const { pod, podRefusal } = run;
  if (pod === undefined) return podRefusal === undefined ? undefined : refusalTrouble(podRefusal);
  if (hasStarted(pod)) return undefined;
  return waitingTrouble(run) ?? schedulingTrouble(run);
}

function refusalTrouble(message: string): StartTrouble {
  return isQuotaMessage(message)
    ? { reason: "quota-refused", kind: "room", detail: message }
    : { reason: "could-not-start", kind: "other", detail: message };
}

function waitingTrouble({ pod }: ObservedRun): StartTrouble | undefined {
  // What has to run before the worker is waited for first.
  for (const status of [...(pod?.status?.initContainerStatuses ?? []), workerStatusOf(pod)]) {
    const { reason = "", message = "" } = status?.state?.waiting ?? {};
    if (reason === "" || ORDINARY.has(reason)) continue;
    const detail = `${status?.name}: ${message === "" ? reason : `${reason}: ${message}`}`;
    return { reason: IMAGE_REASONS.has(reason) ? "image-pull-failed" : "could-not-start", kind: "other", detail };
  }
  return undefined;
}

function schedulingTrouble({ pod }: ObservedRun): StartTrouble | undefined {
  const condition = pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (condition?.status !== "False") return undefined;
  return { reason: "unschedulable", kind: "room", detail: condition.message ?? "the scheduler found no node" };
}

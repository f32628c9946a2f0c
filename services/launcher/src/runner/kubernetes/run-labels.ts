import type { V1ObjectMeta } from "@kubernetes/client-node";
import type { RunSpec, WorkerSpec } from "../session-runner.ts";

/** The worker's name, on everything that belongs to it. */
export const RUN_LABEL = "claude.ai/run";
/** On workers that were started ahead, until they get a run. */
const STANDBY_LABEL = "claude.ai/standby";
const INSTANCE_LABEL = "app.kubernetes.io/instance";
const MANAGER_LABEL = "app.kubernetes.io/managed-by";
const MANAGER = "peerbot-launcher";

/** What Kubernetes takes as the value of a label. */
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Labels and annotations of all that belongs to a worker; what is no label's value stays an annotation alone. */
export function metadataOf(
  worker: WorkerSpec,
  instance: string,
): Required<Pick<V1ObjectMeta, "labels" | "annotations">> {
  const facts = "startToken" in worker ? factsOf(worker) : { [STANDBY_LABEL]: "true" };
  return {
    labels: {
      "app.kubernetes.io/name": "peerbot",
      "app.kubernetes.io/component": "worker",
      [INSTANCE_LABEL]: instance,
      [MANAGER_LABEL]: MANAGER,
      [RUN_LABEL]: worker.name,
      ...labelsIn(facts),
    },
    annotations: facts,
  };
}

/** What a worker that was started ahead becomes when it gets its run; `null` takes a label away. */
export function assignedMetadataOf(run: RunSpec): {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
} {
  const facts = factsOf(run);
  return { labels: { ...labelsIn(facts), [STANDBY_LABEL]: null }, annotations: { ...facts, [STANDBY_LABEL]: null } };
}

function factsOf(run: RunSpec): Record<string, string> {
  return {
    "claude.ai/session-key": run.sessionKey,
    "claude.ai/user-id": run.userId,
    "claude.ai/epoch": String(run.epoch),
  };
}

function labelsIn(facts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => LABEL_VALUE.test(value)));
}

/** Selects the Jobs and pods of one installation. */
export function selectorOf(instance: string): string {
  return `${MANAGER_LABEL}=${MANAGER},${INSTANCE_LABEL}=${instance}`;
}

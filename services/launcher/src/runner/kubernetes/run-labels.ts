import type { V1ObjectMeta } from "@kubernetes/client-node";
import type { RunSpec } from "../session-runner.ts";

/** The run's name, on everything that belongs to it. */
export const RUN_LABEL = "claude.ai/run";
const INSTANCE_LABEL = "app.kubernetes.io/instance";
const MANAGER_LABEL = "app.kubernetes.io/managed-by";
const MANAGER = "peerbot-launcher";

/** What Kubernetes takes as the value of a label. */
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Labels and annotations of all that belongs to a run; what is no label's value stays an annotation alone. */
export function metadataOf(run: RunSpec, instance: string): Required<Pick<V1ObjectMeta, "labels" | "annotations">> {
  const facts = {
    "claude.ai/session-key": run.sessionKey,
    "claude.ai/user-id": run.userId,
    "claude.ai/epoch": String(run.epoch),
  };
  const labels = Object.entries(facts).filter(([, value]) => LABEL_VALUE.test(value));
  return {
    labels: {
      "app.kubernetes.io/name": "peerbot",
      "app.kubernetes.io/component": "worker",
      [INSTANCE_LABEL]: instance,
      [MANAGER_LABEL]: MANAGER,
      [RUN_LABEL]: run.name,
      ...Object.fromEntries(labels),
    },
    annotations: facts,
  };
}

/** Selects the Jobs and pods of one installation. */
export function selectorOf(instance: string): string {
  return `${MANAGER_LABEL}=${MANAGER},${INSTANCE_LABEL}=${instance}`;
}

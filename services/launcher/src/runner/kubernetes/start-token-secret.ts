import type { V1Job, V1OwnerReference, V1Secret } from "@kubernetes/client-node";
import { tokenOf, type WorkerSpec } from "../session-runner.ts";
import type { KubernetesSettings } from "./kubernetes-settings.ts";
import { metadataOf } from "./run-labels.ts";

export const TOKEN_KEY = "start-token";

/**
 * Holds the token a worker is started with, so that the Job and its pod do not. It is there before the Job, since a pod that misses it
 * waits ten seconds and longer; it goes once the worker's container has it, and in any case with the Job.
 */
export function tokenSecretOf(worker: WorkerSpec, { namespace, instance }: KubernetesSettings): V1Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: worker.name, namespace, ...metadataOf(worker, instance) },
    type: "Opaque",
    immutable: true,
    data: { [TOKEN_KEY]: Buffer.from(tokenOf(worker).token.reveal()).toString("base64") },
  };
}

/** Makes what carries it go with the Job. */
export function ownerReferenceOf({ metadata }: V1Job): V1OwnerReference {
  const { name, uid } = metadata ?? {};
  if (name === undefined || uid === undefined) throw new Error("a Job the server has made has a name and a uid");
  return { apiVersion: "batch/v1", kind: "Job", name, uid };
}

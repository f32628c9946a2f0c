import {
  BatchV1Api,
  CoreV1Api,
  type CoreV1Event,
  PatchStrategy,
  setHeaderOptions,
  type V1Job,
  type V1OwnerReference,
  type V1Pod,
  type V1Secret,
} from "@kubernetes/client-node";
import { apiFailureOf } from "./api-failure.ts";
import { type CollectionObserver, followCollection } from "./follow-collection.ts";
import type { PooledKubeConfig } from "./kube-config.ts";
import { RUN_LABEL } from "./run-labels.ts";
import { trying } from "./trying.ts";
import { WORKER_CONTAINER } from "./worker-container.ts";

/** `null` takes an entry away. */
interface MetadataPatch {
  labels?: Record<string, string | null>;
  annotations?: Record<string, string | null>;
}

export interface JobPatch {
  metadata: MetadataPatch;
  spec: { suspend?: boolean; activeDeadlineSeconds?: number };
}

export type Cluster = ReturnType<typeof createCluster>;

/** What the runner asks of the API server, in one namespace. What passes by itself is asked again for a while. */
export function createCluster(
  config: PooledKubeConfig,
  { namespace, selector }: { namespace: string; selector: string },
) {
  const batch = config.makeApiClient(BatchV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const merging = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const corePath = `/api/v1/namespaces/${namespace}`;
  const refused = { fieldSelector: "involvedObject.kind=Job,reason=FailedCreate" };

  return {
    createJob: (body: V1Job): Promise<V1Job | "already-exists"> =>
      trying(() => unlessThere(batch.createNamespacedJob({ namespace, body }))),

    job: (name: string): Promise<V1Job | undefined> =>
      trying(() => ifThere(batch.readNamespacedJob({ namespace, name }))),

    jobs: async (): Promise<V1Job[]> =>
      (await trying(() => batch.listNamespacedJob({ namespace, labelSelector: selector }))).items,

    patchJob: (name: string, body: JobPatch): Promise<V1Job | undefined> =>
      trying(() => ifThere(batch.patchNamespacedJob({ namespace, name, body }, merging))),

    deleteJob: async (name: string): Promise<void> => {
      await trying(() => ifThere(batch.deleteNamespacedJob({ namespace, name, propagationPolicy: "Background" })));
    },

    createSecret: async (body: V1Secret): Promise<"created" | "already-exists"> =>
      (await trying(() => unlessThere(core.createNamespacedSecret({ namespace, body })))) === "already-exists"
        ? "already-exists"
        : "created",

    ownSecret: async (name: string, owner: V1OwnerReference): Promise<void> => {
      const body = { metadata: { ownerReferences: [owner] } };
      await trying(() => ifThere(core.patchNamespacedSecret({ namespace, name, body }, merging)));
    },

    deleteSecret: async (name: string): Promise<void> => {
      await trying(() => ifThere(core.deleteNamespacedSecret({ namespace, name })));
    },

    podsOf: async (run: string): Promise<V1Pod[]> => {
      const labelSelector = `${selector},${RUN_LABEL}=${run}`;
      return (await trying(() => core.listNamespacedPod({ namespace, labelSelector }))).items;
    },

    patchPod: async ({ metadata }: V1Pod, body: { metadata: MetadataPatch }): Promise<void> => {
      const name = metadata?.name ?? "";
      await trying(() => ifThere(core.patchNamespacedPod({ namespace, name, body }, merging)));
    },

    deletePod: async (name: string, gracePeriodSeconds: number): Promise<void> => {
      await trying(() => ifThere(core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds })));
    },

    /** What a pod wrote last; empty when nobody knows any more. */
    lastLines: async (name: string, tailLines: number): Promise<string[]> => {
      const text = await ifThere(
        core.readNamespacedPodLog({ namespace, name, container: WORKER_CONTAINER, tailLines }),
      ).catch(() => undefined);
      return text === undefined || text.trim() === "" ? [] : text.trimEnd().split("\n");
    },

    followJobs: (observer: CollectionObserver<V1Job>, signal: AbortSignal): Promise<void> => {
      const list = () => batch.listNamespacedJob({ namespace, labelSelector: selector });
      return followCollection(config, { path: jobsPath, labelSelector: selector, list }, observer, signal);
    },

    followPods: (observer: CollectionObserver<V1Pod>, signal: AbortSignal): Promise<void> => {
      const list = () => core.listNamespacedPod({ namespace, labelSelector: selector });
      const path = `${corePath}/pods`;
      return followCollection(config, { path, labelSelector: selector, list }, observer, signal);
    },

    /** Events that tell why a Job got no pod. */
    followPodRefusals: (observer: CollectionObserver<CoreV1Event>, signal: AbortSignal): Promise<void> => {
      const list = () => core.listNamespacedEvent({ namespace, ...refused });
      return followCollection(config, { path: `${corePath}/events`, ...refused, list }, observer, signal);
    },

    [Symbol.asyncDispose]: () => config[Symbol.asyncDispose](),
  };
}

async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (apiFailureOf(error)?.code === 404) return undefined;
    throw error;
  }
}

async function unlessThere<T>(answer: Promise<T>): Promise<T | "already-exists"> {
  try {
    return await answer;
  } catch (error) {
    if (apiFailureOf(error)?.reason === "AlreadyExists") return "already-exists";
    throw error;
  }
}

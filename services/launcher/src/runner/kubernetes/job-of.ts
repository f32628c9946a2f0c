import type { V1Job, V1PodSpec, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { WorkerSpec } from "../session-runner.ts";
import { DOCKER_ACCESS, dockerSidecarOf, dockerVolumesOf } from "./docker-sidecar.ts";
import type { DockerSettings, KubernetesSettings } from "./kubernetes-settings.ts";
import { metadataOf } from "./run-labels.ts";
import { affinityOf, tolerationsOf } from "./scheduling.ts";
import { WORKER_MOUNTS, workerContainerOf, workerVolumesOf } from "./worker-container.ts";

/** The image's own user: `USER 1000` in its Dockerfile. */
const WORKER_UID = 1000;

/** The Job of one worker. It makes one pod and never a second one: whether to try again is the launcher's to decide. */
export function jobOf(worker: WorkerSpec, settings: KubernetesSettings, now: number): V1Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: worker.name, namespace: settings.namespace, ...metadataOf(worker, settings.instance) },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      // A pod that is being ended may still save: nothing replaces it before it is gone.
      podReplacementPolicy: "Failed",
      activeDeadlineSeconds: Math.max(1, Math.ceil((worker.deadlineAt - now) / 1_000)),
      ttlSecondsAfterFinished: settings.ttlSeconds,
      template: podTemplateOf(worker, settings),
    },
  };
}

function podTemplateOf(worker: WorkerSpec, settings: KubernetesSettings): V1PodTemplateSpec {
  const { labels, annotations } = metadataOf(worker, settings.instance);
  return {
    metadata: {
      labels,
      // A cluster that shrinks itself would otherwise move the pod, which means ending it.
      annotations: { ...annotations, "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" },
    },
    spec: podSpecOf(worker, settings),
  };
}

function podSpecOf(worker: WorkerSpec, settings: KubernetesSettings): V1PodSpec {
  const affinity = affinityOf(settings);
  return {
    restartPolicy: "Never",
    serviceAccountName: settings.serviceAccount,
    automountServiceAccountToken: false,
    // Without it the worker's environment would list every Service of the namespace.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: settings.graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: WORKER_UID,
      runAsGroup: WORKER_UID,
      fsGroup: WORKER_UID,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    tolerations: tolerationsOf(settings),
    ...(affinity === undefined ? {} : { affinity }),
    ...(Object.keys(settings.nodeSelector).length === 0 ? {} : { nodeSelector: { ...settings.nodeSelector } }),
    ...(settings.priorityClass === undefined ? {} : { priorityClassName: settings.priorityClass }),
    ...(settings.runtimeClass === undefined ? {} : { runtimeClassName: settings.runtimeClass }),
    ...(settings.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) }),
    ...containersOf(worker, settings, worker.docker === true ? settings.docker : undefined),
  };
}

function containersOf(
  spec: WorkerSpec,
  settings: KubernetesSettings,
  docker: DockerSettings | undefined,
): Pick<V1PodSpec, "initContainers" | "containers" | "volumes"> {
  const worker = workerContainerOf(spec, settings);
  const volumes = workerVolumesOf(settings);
  if (docker === undefined) return { containers: [worker], volumes };
  const sidecar = dockerSidecarOf(settings, docker);
  const reaching = {
    ...worker,
    env: [...(worker.env ?? []), ...DOCKER_ACCESS.env],
    volumeMounts: [...(worker.volumeMounts ?? []), ...DOCKER_ACCESS.volumeMounts],
  };
  return {
    initContainers: [{ ...sidecar, volumeMounts: [...(sidecar.volumeMounts ?? []), ...WORKER_MOUNTS] }],
    containers: [reaching],
    volumes: [...volumes, ...dockerVolumesOf(docker)],
  };
}

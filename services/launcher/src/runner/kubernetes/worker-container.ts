import type { V1Container, V1EnvVar, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { tokenOf, type WorkerSpec } from "../session-runner.ts";
import { resourcesOf } from "./container-resources.ts";
import type { KubernetesSettings } from "./kubernetes-settings.ts";
import { TOKEN_KEY } from "./start-token-secret.ts";

export const WORKER_CONTAINER = "worker";

/** All a worker may write to; its root filesystem is read-only. */
const FOLDERS = { workspace: "/workspace", home: "/home/worker", tmp: "/tmp" } as const;

export const WORKER_MOUNTS: V1VolumeMount[] = Object.entries(FOLDERS).map(([name, mountPath]) => ({ name, mountPath }));

/** The container a worker's pod is there for. */
export function workerContainerOf(worker: WorkerSpec, settings: KubernetesSettings): V1Container {
  return {
    name: WORKER_CONTAINER,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    env: environmentOf(worker, settings),
    resources: resourcesOf(settings.sizes[worker.size ?? settings.defaultSize], settings),
    // The last lines of a worker that failed then stand in its pod's status, where whoever looks finds them.
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: WORKER_MOUNTS,
  };
}

/** All of them count against the workspace's limit each, and nothing of them outlives the pod. */
export function workerVolumesOf({ workspaceGib }: Pick<KubernetesSettings, "workspaceGib">): V1Volume[] {
  return Object.keys(FOLDERS).map((name) => ({ name, emptyDir: { sizeLimit: `${workspaceGib}Gi` } }));
}

function environmentOf(
  worker: WorkerSpec,
  { workEnvironment }: Pick<KubernetesSettings, "workEnvironment">,
): V1EnvVar[] {
  return [
    { name: "GATEWAY_URL", value: worker.gatewayUrl },
    { name: tokenOf(worker).variable, valueFrom: { secretKeyRef: { name: worker.name, key: TOKEN_KEY } } },
    { name: "WORKSPACE_DIR", value: FOLDERS.workspace },
    { name: "HOME", value: FOLDERS.home },
    { name: "TMPDIR", value: FOLDERS.tmp },
    { name: "LANG", value: "C.UTF-8" },
    { name: "LOG_LEVEL", value: worker.logLevel },
    ...Object.entries(workEnvironment).map(([name, value]) => ({ name, value })),
  ];
}

import type { V1Container, V1EnvVar, V1ResourceRequirements, V1Volume } from "@kubernetes/client-node";
import type { RunSpec } from "../session-runner.ts";
import type { KubernetesSettings } from "./kubernetes-settings.ts";
import { START_TOKEN_KEY } from "./start-token-secret.ts";

export const WORKER_CONTAINER = "worker";

/** All a worker may write to; its root filesystem is read-only. */
const FOLDERS = { workspace: "/workspace", home: "/home/worker", tmp: "/tmp" } as const;

/** The one container of a worker's pod. */
export function workerContainerOf(run: RunSpec, settings: KubernetesSettings): V1Container {
  return {
    name: WORKER_CONTAINER,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    env: environmentOf(run),
    resources: resourcesOf(run, settings),
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
    volumeMounts: Object.entries(FOLDERS).map(([name, mountPath]) => ({ name, mountPath })),
  };
}

/** All of them count against the workspace's limit each, and nothing of them outlives the pod. */
export function workerVolumesOf({ workspaceGib }: Pick<KubernetesSettings, "workspaceGib">): V1Volume[] {
  return Object.keys(FOLDERS).map((name) => ({ name, emptyDir: { sizeLimit: `${workspaceGib}Gi` } }));
}

function environmentOf(run: RunSpec): V1EnvVar[] {
  return [
    { name: "GATEWAY_URL", value: run.gatewayUrl },
    { name: "START_TOKEN", valueFrom: { secretKeyRef: { name: run.name, key: START_TOKEN_KEY } } },
    { name: "WORKSPACE_DIR", value: FOLDERS.workspace },
    { name: "HOME", value: FOLDERS.home },
    { name: "TMPDIR", value: FOLDERS.tmp },
    { name: "LANG", value: "C.UTF-8" },
    { name: "LOG_LEVEL", value: run.logLevel },
  ];
}

function resourcesOf(
  { size }: RunSpec,
  { sizes, defaultSize, cpuRequestPercent }: KubernetesSettings,
): V1ResourceRequirements {
  const { cpus, memoryGib } = sizes[size ?? defaultSize];
  const cpuRequest = Math.max(1, Math.round(cpus * 10 * cpuRequestPercent));
  return {
    requests: { cpu: `${cpuRequest}m`, memory: mebibytes(memoryGib) },
    limits: { cpu: `${Math.round(cpus * 1_000)}m`, memory: mebibytes(memoryGib) },
  };
}

function mebibytes(gibibytes: number): string {
  return `${Math.round(gibibytes * 1024)}Mi`;
}

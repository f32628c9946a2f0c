import { daemonImageOf, type RunOptionsConfig } from "@peerbot/contracts";
import type { Logger, WorkConfig } from "@peerbot/runtime";
import type { DockerInDockerConfig } from "../docker-in-docker-config.ts";
import type { SessionRunner } from "../session-runner.ts";
import { workEnvironmentOf } from "../work-environment.ts";
import { loadKubeConfig } from "./kube-config.ts";
import type { KubernetesConfig } from "./kubernetes-config.ts";
import { createKubernetesRunner } from "./kubernetes-runner.ts";
import type { DockerSettings, KubernetesSettings } from "./kubernetes-settings.ts";

/** A node that answers needs a few seconds at most to tell that a pod is gone. */
const GONE_SECONDS = 15;

type RunnerConfig = KubernetesConfig & DockerInDockerConfig & Pick<RunOptionsConfig, "DOCKER_IN_DOCKER"> & WorkConfig;

/** The runner that these settings describe. @throws when there is no cluster to be found. */
export function openKubernetesRunner(
  config: RunnerConfig,
  logger: Pick<Logger, "warn">,
  { goneSeconds = GONE_SECONDS }: { goneSeconds?: number } = {},
): SessionRunner {
  return createKubernetesRunner({
    config: loadKubeConfig(config.KUBECONFIG),
    settings: settingsOf(config),
    patience: {
      roomSeconds: config.KUBERNETES_ROOM_WAIT_SECONDS,
      troubleSeconds: config.KUBERNETES_START_PATIENCE_SECONDS,
      goneSeconds,
    },
    logger,
  });
}

/** How Jobs look under these settings. */
export function settingsOf(config: RunnerConfig): KubernetesSettings {
  return {
    namespace: config.KUBERNETES_NAMESPACE,
    instance: config.KUBERNETES_INSTANCE,
    image: config.WORKER_IMAGE ?? "",
    imagePullPolicy: config.WORKER_IMAGE_PULL_POLICY,
    imagePullSecrets: config.WORKER_IMAGE_PULL_SECRETS,
    serviceAccount: config.WORKER_SERVICE_ACCOUNT,
    sizes: config.WORKER_SIZES,
    defaultSize: config.WORKER_SIZE,
    cpuRequestPercent: config.WORKER_CPU_REQUEST_PERCENT,
    workspaceGib: config.WORKER_WORKSPACE_GIB,
    graceSeconds: config.STOP_GRACE_SECONDS,
    workEnvironment: workEnvironmentOf(config),
    ttlSeconds: config.WORKER_TTL_SECONDS,
    nodeLostSeconds: config.KUBERNETES_NODE_LOST_SECONDS,
    prefersSpot: config.WORKER_SPOT,
    nodeSelector: config.WORKER_NODE_SELECTOR,
    priorityClass: config.WORKER_PRIORITY_CLASS,
    runtimeClass: config.WORKER_RUNTIME_CLASS,
    docker: dockerOf(config),
  };
}

function dockerOf(config: RunnerConfig): DockerSettings | undefined {
  const { DOCKER_IN_DOCKER: mode } = config;
  if (mode === "off") return undefined;
  return {
    mode,
    image: daemonImageOf(config),
    limits: config.DOCKER_IN_DOCKER_LIMITS,
    storageGib: config.DOCKER_IN_DOCKER_STORAGE_GIB,
  };
}

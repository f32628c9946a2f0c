import { join } from "node:path";
import { KUBERNETES_PREFIX, KUBERNETES_TOKEN, kubeconfigOf } from "@peerbot/sandbox/kubernetes";
import { isSet, type Settings } from "./outside-world.ts";

export interface PlayedCluster {
  kubeconfigFile: string;
  kubeconfig: string;
  namespace: string;
  /** Where the pods' processes have their folders. */
  podsDir: string;
}

const NAMESPACE = "peerbot-workers";

/** True when workers are to run in Kubernetes and no real cluster is named. */
export function playsCluster(settings: Settings): boolean {
  return settings.RUNNER === "kubernetes" && !isSet(settings, "KUBECONFIG");
}

/** True when workers are to run in a cluster of the operator's. */
export function usesRealCluster(settings: Settings): boolean {
  return settings.RUNNER === "kubernetes" && isSet(settings, "KUBECONFIG");
}

/** Its pods reach the gateway by an address of this machine's that the operator knows, never by the loopback one. */
export function realClusterSettings(settings: Settings): Settings {
  if (!usesRealCluster(settings)) return {};
  return { GATEWAY_URL: settings.GATEWAY_URL, GATEWAY_HOST: settings.GATEWAY_HOST ?? "0.0.0.0" };
}

/** The cluster at the sandbox's address. The file has to be there before the launcher starts. */
export function playedClusterAt(sandboxUrl: string, dataDir: string): PlayedCluster {
  const url = `${sandboxUrl}${KUBERNETES_PREFIX}`;
  return {
    kubeconfigFile: kubeconfigFileIn(dataDir),
    kubeconfig: kubeconfigOf({ url, token: KUBERNETES_TOKEN, namespace: NAMESPACE }),
    namespace: NAMESPACE,
    podsDir: join(dataDir, "sandbox/pods"),
  };
}

/** What sandbox and launcher are told of it. */
export function playedClusterSettings(settings: Settings, dataDir: string): Settings {
  if (!playsCluster(settings)) return {};
  return {
    SANDBOX_KUBERNETES: "true",
    KUBECONFIG: kubeconfigFileIn(dataDir),
    KUBERNETES_NAMESPACE: NAMESPACE,
    WORKER_IMAGE: settings.WORKER_IMAGE ?? "peerbot-worker:local",
  };
}

function kubeconfigFileIn(dataDir: string): string {
  return join(dataDir, "kubeconfig.yaml");
}

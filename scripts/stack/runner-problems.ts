import { isSet, type Settings } from "./outside-world.ts";
import { usesRealCluster } from "./played-cluster.ts";

/** Why workers could not be run where the settings say, in sentences. */
export function problemsOfRunner(settings: Settings): string[] {
  if (usesRealCluster(settings)) {
    return ["GATEWAY_URL", "WORKER_IMAGE"]
      .filter((name) => !isSet(settings, name))
      .map(
        (name) =>
          `${name} is missing: pods of the cluster in KUBECONFIG know nothing of this machine (docs/kubernetes.md).`,
      );
  }
  if (settings.RUNNER !== "docker") return [];
  return [
    "RUNNER=docker does not go with services that are processes of this machine: nothing of it is within reach of a worker's container. Start everything as containers instead: docker compose up (docs/compose.md).",
  ];
}

import type { V1Affinity, V1Toleration } from "@kubernetes/client-node";
import type { KubernetesSettings } from "./kubernetes-settings.ts";

/** GKE marks and taints its spot nodes with this. */
const GKE_SPOT = "cloud.google.com/gke-spot";

/** How long a worker stays on a node that is out of reach, and whether it may run on spot nodes. */
export function tolerationsOf({
  nodeLostSeconds,
  prefersSpot,
}: Pick<KubernetesSettings, "nodeLostSeconds" | "prefersSpot">): V1Toleration[] {
  const lost = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(
    (key): V1Toleration => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: nodeLostSeconds }),
  );
  if (!prefersSpot) return lost;
  return [...lost, { key: GKE_SPOT, operator: "Equal", value: "true", effect: "NoSchedule" }];
}

/** Spot nodes first; any other node when there are none. */
export function affinityOf({ prefersSpot }: Pick<KubernetesSettings, "prefersSpot">): V1Affinity | undefined {
  if (!prefersSpot) return undefined;
  const preference = { matchExpressions: [{ key: GKE_SPOT, operator: "In", values: ["true"] }] };
  return { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } };
}

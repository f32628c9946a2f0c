import { commaSeparated, flag, wholeNumber } from "@peerbot/runtime";
import { z } from "zod";
import { ContainerConfig } from "../container-config.ts";

/** The settings of RUNNER=kubernetes. */
export const KubernetesConfig = z.object({
  ...ContainerConfig.shape,
  KUBECONFIG: z
    .string()
    .optional()
    .describe("Kubeconfig file that leads to the cluster; unset means the cluster the launcher itself runs in."),
  KUBERNETES_NAMESPACE: kubernetesName()
    .default("peerbot-workers")
    .describe("Namespace of the workers' Jobs, best with nothing else in it."),
  KUBERNETES_INSTANCE: kubernetesName()
    .default("peerbot")
    .describe(
      "Tells this installation's Jobs from those of others in the same namespace; Jobs nobody here knows are ended.",
    ),
  KUBERNETES_ROOM_WAIT_SECONDS: wholeNumber({ min: 0, max: 3600 })
    .default(120)
    .describe(
      "How long a worker may wait for a node with room or for the namespace's quota before its run is given up.",
    ),
  KUBERNETES_START_PATIENCE_SECONDS: wholeNumber({ min: 0, max: 3600 })
    .default(20)
    .describe(
      "How long an image that cannot be pulled, or another trouble at the start, may last before the run is given up.",
    ),
  KUBERNETES_NODE_LOST_SECONDS: wholeNumber({ min: 1, max: 3600 })
    .default(60)
    .describe("How long a node may be out of reach before its workers count as lost."),
  WORKER_IMAGE_PULL_SECRETS: commaSeparated()
    .prefault("")
    .describe("Names of Secrets of the workers' namespace with which the image is pulled."),
  WORKER_SERVICE_ACCOUNT: kubernetesName()
    .default("peerbot-worker")
    .describe("Service account of the workers; it needs no rights, and its token is not mounted."),
  WORKER_CPU_REQUEST_PERCENT: wholeNumber({ min: 1, max: 100 })
    .default(50)
    .describe("How much of its CPUs a worker is sure of, in percent; its memory is reserved whole."),
  WORKER_WORKSPACE_GIB: wholeNumber({ min: 1, max: 1024 })
    .default(10)
    .describe("How large a worker's workspace may grow, in GiB."),
  WORKER_TTL_SECONDS: wholeNumber({ min: 0, max: 7 * 24 * 3600 })
    .default(3600)
    .describe("How long an ended Job stays if nobody removed it."),
  WORKER_SPOT: flag()
    .default(false)
    .describe("Whether workers prefer GKE's spot nodes, which may be taken away at any time: they save and carry on."),
  WORKER_NODE_SELECTOR: z
    .string()
    .prefault("")
    .transform(parseNodeSelector)
    .describe("Labels of the nodes workers may run on, such as pool=workers,disk=ssd."),
  WORKER_PRIORITY_CLASS: kubernetesName().optional().describe("Priority class of the workers."),
  WORKER_RUNTIME_CLASS: kubernetesName().optional().describe("Runtime class of the workers, such as gvisor or kata."),
});
export type KubernetesConfig = z.infer<typeof KubernetesConfig>;

function kubernetesName() {
  return z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, "must be a Kubernetes name: small letters, digits, hyphens");
}

function parseNodeSelector(text: string, context: z.RefinementCtx<string>): Record<string, string> {
  const entries = text.split(",").filter((entry) => entry.trim() !== "");
  const pairs = entries.map((entry) => entry.trim().split("="));
  if (pairs.some((pair) => pair.length !== 2 || pair[0] === "")) {
    context.addIssue({ code: "custom", message: "must look like pool=workers,disk=ssd" });
  }
  return Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, value]));
}

import type { V1ResourceRequirements } from "@kubernetes/client-node";
import type { WorkerLimits } from "../worker-sizes.ts";
import type { KubernetesSettings } from "./kubernetes-settings.ts";

/** Memory is reserved whole: what is lent out twice kills. */
export function resourcesOf(
  { cpus, memoryGib }: WorkerLimits,
  { cpuRequestPercent }: Pick<KubernetesSettings, "cpuRequestPercent">,
): V1ResourceRequirements {
  const cpuRequest = Math.max(1, Math.round(cpus * 10 * cpuRequestPercent));
  return {
    requests: { cpu: `${cpuRequest}m`, memory: mebibytes(memoryGib) },
    limits: { cpu: `${Math.round(cpus * 1_000)}m`, memory: mebibytes(memoryGib) },
  };
}

function mebibytes(gibibytes: number): string {
  return `${Math.round(gibibytes * 1024)}Mi`;
}

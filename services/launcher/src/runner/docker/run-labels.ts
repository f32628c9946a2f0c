import type { WorkerSpec } from "../session-runner.ts";

export const ROLE_LABEL = "claude.ai/role";
/** The run's name, on everything that belongs to it. */
export const RUN_LABEL = "claude.ai/run";
/** By what name the run's worker was told to find the gateway; on its network. */
export const GATEWAY_NAME_LABEL = "claude.ai/gateway-name";
const INSTANCE_LABEL = "claude.ai/instance";

/** What a container is to an installation. Gateways are labelled by whoever deploys them. */
export type Role = "worker" | "docker" | "gateway";

/** Labels of a worker's container, or of one beside it. They stay as they are: a worker started ahead has no run in them. */
export function labelsOf(worker: WorkerSpec, instance: string, role: Role): Record<string, string> {
  return { ...labelsOfThings(worker.name, instance), [ROLE_LABEL]: role, ...factsOf(worker) };
}

function factsOf(worker: WorkerSpec): Record<string, string> {
  if (!("startToken" in worker)) return { "claude.ai/standby": "true" };
  return {
    "claude.ai/session-key": worker.sessionKey,
    "claude.ai/user-id": worker.userId,
    "claude.ai/epoch": String(worker.epoch),
  };
}

/** Labels of a run's network and volumes. */
export function labelsOfThings(run: string, instance: string): Record<string, string> {
  return { [INSTANCE_LABEL]: instance, [RUN_LABEL]: run };
}

/** Selects what belongs to one installation, as the engine takes it for a filter. */
export function labelFilter(instance: string, role?: Role): string[] {
  const own = `${INSTANCE_LABEL}=${instance}`;
  return role === undefined ? [own] : [own, `${ROLE_LABEL}=${role}`];
}

/** Selects what belongs to runs of one installation. */
export function runFilter(instance: string): string[] {
  return [...labelFilter(instance), RUN_LABEL];
}

import type { DockerMode, WorkerSize } from "@peerbot/contracts";
import type { Secret } from "@peerbot/runtime";
import type { WorkerLimits } from "../worker-sizes.ts";
import type { SubnetPool } from "./subnets.ts";

/** How the workers' containers look. */
export interface DockerSettings {
  /** Tells this installation's containers from those of others on the same engine: the value of a label. */
  instance: string;
  image: string;
  imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  registry?: { user: string; password: Secret } | undefined;
  sizes: Readonly<Record<WorkerSize, WorkerLimits>>;
  defaultSize: WorkerSize;
  processes: number;
  tmpMib: number;
  workspaceGib?: number | undefined;
  /** How long a worker may take to save its work when it is ended by anybody, in seconds. */
  graceSeconds: number;
  /** Further variables of every worker. */
  workEnvironment: Readonly<Record<string, string>>;
  gateway: "container" | "host";
  subnets: SubnetPool;
  hasInternet: boolean;
  dockerInDocker: DockerInDocker;
}

/** The Docker daemon a run may have beside its worker. */
export interface DockerInDocker {
  mode: "off" | DockerMode;
  image: string;
  limits: WorkerLimits;
}

import type { DockerMode, WorkerSize } from "@peerbot/contracts";
import type { WorkerLimits } from "../worker-sizes.ts";

/** The Docker daemon beside a worker that asked for one. */
export interface DockerSettings {
  mode: DockerMode;
  image: string;
  limits: WorkerLimits;
  /** What it may store, in GiB. */
  storageGib: number;
}

/** How the workers' Jobs look. */
export interface KubernetesSettings {
  namespace: string;
  /** Tells this installation's Jobs from those of others in the same namespace: the value of a label. */
  instance: string;
  image: string;
  imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  imagePullSecrets: readonly string[];
  serviceAccount: string;
  sizes: Readonly<Record<WorkerSize, WorkerLimits>>;
  defaultSize: WorkerSize;
  /** How much of its CPU limit a worker is sure of, in percent. Memory is reserved whole: what is lent out twice kills. */
  cpuRequestPercent: number;
  workspaceGib: number;
  /** How long a worker may take to save its work when its pod is ended by anybody, in seconds. */
  graceSeconds: number;
  /** Further variables of every worker. */
  workEnvironment: Readonly<Record<string, string>>;
  /** How long an ended Job nobody removed stays, in seconds. */
  ttlSeconds: number;
  /** How long a machine may be out of reach before its workers count as lost, in seconds. */
  nodeLostSeconds: number;
  /** True: the worker goes to GKE's spot nodes if there are any. */
  prefersSpot: boolean;
  nodeSelector: Readonly<Record<string, string>>;
  priorityClass?: string | undefined;
  runtimeClass?: string | undefined;
  /** Unset: no run gets a Docker. */
  docker?: DockerSettings | undefined;
}

/** How long the runner waits for what may still come, in seconds. */
export interface Patience {
  /** For room: a node with free capacity, or the namespace's quota. */
  roomSeconds: number;
  /** For what hardly passes by itself: an image that cannot be pulled, a Secret that is missing. */
  troubleSeconds: number;
  /** For a pod that should be gone; after that its node will not tell any more. */
  goneSeconds: number;
}

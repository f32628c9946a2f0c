/*
 * The parts of Kubernetes' objects that this stand-in reads or writes itself. Everything else of an object is kept and
 * given back as it came. Names and meanings are those of the Kubernetes API reference, batch/v1 and core/v1.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

export interface Metadata {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Condition {
  type: string;
  status: "True" | "False";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastProbeTime?: string;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: { name: string; key: string; optional?: boolean };
    fieldRef?: { fieldPath: string };
  };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  volumeMounts?: { name: string; mountPath: string }[];
  terminationMessagePolicy?: "File" | "FallbackToLogsOnError";
  /** Of an init container: it goes on running beside the others and ends after them. */
  restartPolicy?: "Always";
  securityContext?: SecurityContext;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  ports?: { hostPort?: number }[];
}

/** Of a pod or a container; what pod security looks at. */
export interface SecurityContext {
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  capabilities?: { add?: string[]; drop?: string[] };
  seccompProfile?: { type: string };
}

export interface PodSpec {
  initContainers?: Container[];
  containers: Container[];
  securityContext?: SecurityContext;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  volumes?: { name: string; [source: string]: unknown }[];
  restartPolicy?: "Never" | "OnFailure" | "Always";
  nodeName?: string;
  terminationGracePeriodSeconds?: number;
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    reason: string;
    message?: string;
    startedAt: string;
    finishedAt: string;
    containerID: string;
  };
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
}

export interface Pod extends KubernetesObject {
  spec: PodSpec;
  status: {
    phase: "Pending" | "Running" | "Succeeded" | "Failed";
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
    reason?: string;
    message?: string;
    startTime?: string;
  };
}

export interface Job extends KubernetesObject {
  spec: {
    template: { metadata?: Partial<Metadata>; spec: PodSpec };
    backoffLimit?: number;
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    suspend?: boolean;
    podReplacementPolicy?: string;
  };
  status: {
    active?: number;
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  };
}

export interface Secret extends KubernetesObject {
  type: string;
  immutable?: boolean;
  data?: Record<string, string>;
}

export interface KubernetesEvent extends KubernetesObject {
  involvedObject: { apiVersion: string; kind: string; name: string; namespace: string; uid: string };
  reason: string;
  message: string;
  type: "Normal" | "Warning";
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
  source: { component: string };
}

/** The kinds that are served, by the name they have in paths. */
export interface Kinds {
  jobs: Job;
  pods: Pod;
  secrets: Secret;
  events: KubernetesEvent;
}
export type Plural = keyof Kinds;

export const KINDS: Readonly<Record<Plural, { kind: string; apiVersion: string; group: string }>> = {
  jobs: { kind: "Job", apiVersion: "batch/v1", group: "batch" },
  pods: { kind: "Pod", apiVersion: "v1", group: "" },
  secrets: { kind: "Secret", apiVersion: "v1", group: "" },
  events: { kind: "Event", apiVersion: "v1", group: "" },
};

export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** The conditions with one set or replaced. */
export function withCondition(conditions: readonly Condition[] = [], condition: Condition): Condition[] {
  const stamped = { lastTransitionTime: timestamp(), ...condition };
  return [...conditions.filter(({ type }) => type !== condition.type), stamped];
}

/** Now, as the API writes it: RFC 3339 with whole seconds. */
export function timestamp(at = Date.now()): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

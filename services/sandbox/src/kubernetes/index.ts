export type { PolicyRule } from "./authorize.ts";
export { ClusterFault, InjectClusterFault } from "./cluster-faults.ts";
export { KUBERNETES_TOKEN, kubeconfigOf } from "./kubeconfig.ts";
export type { PodSecurityLevel } from "./pod-security.ts";
export { KUBERNETES_PREFIX, type KubernetesStandIn, registerKubernetes } from "./stand-in.ts";
export { type RunningKubernetes, startKubernetes } from "./start-kubernetes.ts";

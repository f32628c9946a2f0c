import type { Manifest } from "./rendered-chart.ts";

/** What the pod security standard "restricted" and our own rules have against a pod. */
export function restrictedProblems(pod: Manifest): string[] {
  const problems = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => pod[field] === true);
  if (pod.securityContext?.runAsNonRoot !== true) problems.push("pod runs as root");
  if (pod.securityContext?.seccompProfile?.type !== "RuntimeDefault") problems.push("pod has no seccomp profile");
  for (const volume of pod.volumes ?? []) if ("hostPath" in volume) problems.push(`${volume.name} is a hostPath`);
  for (const { name, securityContext, resources } of pod.containers) {
    if (securityContext?.allowPrivilegeEscalation !== false) problems.push(`${name} may escalate`);
    if (securityContext?.readOnlyRootFilesystem !== true) problems.push(`${name} may write its root`);
    if (securityContext?.capabilities?.drop?.[0] !== "ALL") problems.push(`${name} keeps capabilities`);
    if (resources?.requests?.memory === undefined) problems.push(`${name} requests no memory`);
  }
  return problems;
}

import type { Container, PodSpec, SecurityContext } from "./model.ts";

/** The levels of the Pod Security Standards that are played here. */
export type PodSecurityLevel = "privileged" | "restricted";

/** Sources of volumes that the restricted level allows. */
const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** What a namespace of this level has against a pod, in the words of the admission plugin. */
export function podSecurityViolations(spec: PodSpec, level: PodSecurityLevel): string[] {
  if (level === "privileged") return [];
  const hosts = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field] === true);
  const volumes = (spec.volumes ?? []).filter((volume) => !VOLUMES.some((source) => source in volume));
  return [
    ...hosts.map((field) => `host namespaces (${field}=true)`),
    ...volumes.map(({ name }) => `restricted volume types (volume "${name}")`),
    ...[...(spec.initContainers ?? []), ...spec.containers].flatMap((each) => containerViolations(each, spec)),
  ];
}

function containerViolations(
  { name, securityContext: own = {}, ports = [] }: Container,
  { securityContext: pods = {} }: PodSpec,
) {
  const merged: SecurityContext = { ...pods, ...own };
  const { capabilities = {} } = own;
  const added = (capabilities.add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE");
  const claims: [boolean, string][] = [
    [own.privileged === true, `privileged (container "${name}" must not set securityContext.privileged=true)`],
    [ports.some(({ hostPort }) => hostPort !== undefined && hostPort !== 0), `hostPort (container "${name}")`],
    [own.allowPrivilegeEscalation !== false, `allowPrivilegeEscalation != false (container "${name}")`],
    [!capabilities.drop?.includes("ALL") || added.length > 0, `unrestricted capabilities (container "${name}")`],
    [merged.runAsNonRoot !== true, `runAsNonRoot != true (container "${name}")`],
    [merged.runAsUser === 0, `runAsUser=0 (container "${name}")`],
    [
      !["RuntimeDefault", "Localhost"].includes(merged.seccompProfile?.type ?? ""),
      `seccompProfile (container "${name}")`,
    ],
  ];
  return claims.flatMap(([isViolated, words]) => (isViolated ? [words] : []));
}

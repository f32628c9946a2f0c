import { KubernetesFailure } from "./kubernetes-failure.ts";
import { KINDS, type Plural } from "./model.ts";

/** One rule of a Role, as in rbac.authorization.k8s.io/v1. */
export interface PolicyRule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

export interface Access {
  plural: Plural;
  subresource: string | undefined;
  verb: string;
  namespace: string | undefined;
}

/** Refuses what no rule allows; without rules everything is allowed. @throws KubernetesFailure 403 */
export function authorize(rules: readonly PolicyRule[] | undefined, access: Access): void {
  if (rules === undefined) return;
  const { group } = KINDS[access.plural];
  const resource = access.subresource === undefined ? access.plural : `${access.plural}/${access.subresource}`;
  const isAllowed = rules.some(
    ({ apiGroups, resources, verbs }) => has(apiGroups, group) && has(resources, resource) && has(verbs, access.verb),
  );
  if (isAllowed) return;
  throw new KubernetesFailure(
    403,
    "Forbidden",
    `${resource} is forbidden: User "system:serviceaccount:sandbox:launcher" cannot ${access.verb} resource ` +
      `"${resource}" in API group "${group}" in the namespace "${access.namespace ?? ""}"`,
  );
}

function has(list: readonly string[], wanted: string): boolean {
  return list.includes(wanted) || list.includes("*");
}

import { KubernetesFailure } from "./kubernetes-failure.ts";
import type { KubernetesObject } from "./model.ts";

export type Matches = (object: KubernetesObject) => boolean;

/** What `labelSelector` and `fieldSelector` of a request select together. @throws KubernetesFailure 400 */
export function selectorOf(labelSelector: string | undefined, fieldSelector: string | undefined): Matches {
  const labels = terms(labelSelector).map(labelTerm);
  const fields = terms(fieldSelector).map(fieldTerm);
  return (object) => [...labels, ...fields].every((matches) => matches(object));
}

/** Splits at commas that are not between parentheses. */
function terms(selector: string | undefined): string[] {
  return (selector ?? "").split(/,(?![^(]*\))/).flatMap((term) => (term.trim() === "" ? [] : [term.trim()]));
}

function labelTerm(term: string): Matches {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator = "", list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (object) => values.includes(labelOf(object, key) ?? "\0") === (operator === "in");
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(term);
  if (equality !== null) {
    const [, key = "", operator = "", value = ""] = equality;
    return (object) => (labelOf(object, key) === value) === (operator !== "!=");
  }
  const existence = /^(!?)([\w./-]+)$/.exec(term);
  if (existence === null) throw new KubernetesFailure(400, "BadRequest", `unable to parse requirement: ${term}`);
  const [, not = "", key = ""] = existence;
  return (object) => (labelOf(object, key) !== undefined) === (not === "");
}

function fieldTerm(term: string): Matches {
  const [, path = "", operator = "", value = ""] = /^([\w.]+)(==|=|!=)(.*)$/.exec(term) ?? [];
  if (path === "") throw new KubernetesFailure(400, "BadRequest", `invalid field selector: ${term}`);
  return (object) => (fieldOf(object, path) === value) === (operator !== "!=");
}

function labelOf(object: KubernetesObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}

function fieldOf(object: KubernetesObject, path: string): string {
  let value: unknown = object;
  for (const part of path.split(".")) value = isRecord(value) ? value[part] : undefined;
  return value === undefined ? "" : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

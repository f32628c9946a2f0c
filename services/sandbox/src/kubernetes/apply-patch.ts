import { KubernetesFailure } from "./kubernetes-failure.ts";

type Json = Record<string, unknown>;

/**
 * What a patch makes of an object, by the request's content type. A strategic merge patch is merged as a plain one: that
 * differs for lists only, which it replaces.
 */
export function applyPatch(object: object, patch: unknown, contentType: string): object {
  switch (contentType.split(";")[0]?.trim()) {
    case "application/merge-patch+json":
    case "application/strategic-merge-patch+json":
      return mergePatch(object, patch) as object;
    case "application/json-patch+json":
      return jsonPatch(object, patch);
    default:
      throw new KubernetesFailure(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: " +
          "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
      );
  }
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Json = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** The operations of RFC 6902 that clients send: add, replace, remove, test. */
function jsonPatch(object: object, patch: unknown): object {
  if (!Array.isArray(patch)) throw new KubernetesFailure(400, "BadRequest", "a JSON patch is a list of operations");
  const result = structuredClone(object) as Json;
  for (const step of patch) applyStep(result, step);
  return result;
}

function applyStep(root: Json, step: unknown): void {
  const { op, path, value } = isRecord(step) ? step : {};
  const parts = String(path)
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = parts.pop();
  let parent: unknown = root;
  for (const part of parts) parent = isRecord(parent) || Array.isArray(parent) ? Reflect.get(parent, part) : undefined;
  if (last === undefined || (!isRecord(parent) && !Array.isArray(parent))) throw impossible(String(path));
  const isThere = Reflect.has(parent, last);
  if (op === "add" && Array.isArray(parent)) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
  else if (op === "add" || (op === "replace" && isThere)) Reflect.set(parent, last, value);
  else if (op === "remove" && isThere) removeFrom(parent, last);
  else if (!(op === "test" && JSON.stringify(Reflect.get(parent, last)) === JSON.stringify(value))) {
    throw impossible(String(path));
  }
}

function removeFrom(parent: object, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function impossible(path: string): KubernetesFailure {
  return new KubernetesFailure(422, "Invalid", `the server rejected our request: the patch does not apply at ${path}`);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

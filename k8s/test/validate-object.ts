import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Manifest } from "./rendered-chart.ts";

const PACKAGES: Readonly<Record<string, string>> = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};

/** What the OpenAPI schema of an object's kind has against it, as sentences. */
export async function schemaProblems(object: Manifest, schemas: string): Promise<string[]> {
  const [group = ""] = object.apiVersion.split("/");
  const folder = join(schemas, PACKAGES[group] ?? "kubernetes-models", object.apiVersion, "index.js");
  const kinds = await import(pathToFileURL(folder).href);
  const Kind = kinds[object.kind];
  if (Kind === undefined) return [`${object.apiVersion} has no ${object.kind}`];
  try {
    new Kind(object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${error instanceof Error ? error.message : error}`];
  }
}

/** Paths of fields that an object has and the Kubernetes types do not know: misspelt ones, which a server drops. */
export function unknownFields(object: unknown, typed: unknown, path = ""): string[] {
  if (Array.isArray(object)) {
    return object.flatMap((item, index) =>
      unknownFields(item, Array.isArray(typed) ? typed[index] : undefined, `${path}/${index}`),
    );
  }
  if (typeof object !== "object" || object === null) return [];
  return Object.entries(object).flatMap(([key, value]) => {
    const known = typeof typed === "object" && typed !== null && key in typed;
    return known ? unknownFields(value, Reflect.get(typed, key), `${path}/${key}`) : [`${path}/${key}`];
  });
}

import { KINDS, type Plural } from "./model.ts";

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];
const SHORT: Readonly<Partial<Record<Plural, string[]>>> = { pods: ["po"], events: ["ev"] };

/** What clients such as kubectl ask first: which versions and kinds there are. `undefined` for any other path. */
export function discoveryOf(path: string): object | undefined {
  switch (path) {
    case "/version":
      return { major: "1", minor: "32", gitVersion: "v1.32.0-sandbox", platform: "linux/amd64" };
    case "/api":
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    case "/apis": {
      const version = { groupVersion: "batch/v1", version: "v1" };
      return {
        kind: "APIGroupList",
        apiVersion: "v1",
        groups: [{ name: "batch", versions: [version], preferredVersion: version }],
      };
    }
    case "/api/v1":
      return resourcesOf("");
    case "/apis/batch/v1":
      return resourcesOf("batch");
    default:
      return undefined;
  }
}

function resourcesOf(wanted: string) {
  const plurals = (Object.keys(KINDS) as Plural[]).filter((plural) => KINDS[plural].group === wanted);
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: wanted === "" ? "v1" : `${wanted}/v1`,
    resources: plurals.map((plural) => ({
      name: plural,
      singularName: plural.slice(0, -1),
      namespaced: true,
      kind: KINDS[plural].kind,
      verbs: VERBS,
      ...(SHORT[plural] === undefined ? {} : { shortNames: SHORT[plural] }),
    })),
  };
}

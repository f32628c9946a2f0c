import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { findEnvironmentReads, readImports } from "./read-imports.ts";

export interface SourceFile {
  /** From the project's root, with slashes: `services/ingress/src/main.ts`. */
  path: string;
  source: string;
}

export interface Manifest {
  name: string;
  /** Packages its code may import. */
  dependencies: readonly string[];
  devDependencies: readonly string[];
}

/** Manifests by folder: `services/ingress`; the root's is "". */
export type Manifests = ReadonlyMap<string, Manifest>;

/** Vendors' client libraries and the one package whose source may use each: what is behind a port stays there. */
const HOMES: readonly (readonly [RegExp, string])[] = [
  [/^@slack\/(bolt|socket-mode|oauth)$/, "services/ingress"],
  [/^@kubernetes\//, "services/launcher"],
  [/^dockerode$/, "services/launcher"],
  [/^@bull-board\//, "services/launcher"],
  [/^@google-cloud\//, "libs/conversation-store"],
  [/^@octokit\//, "libs/git-host"],
  [/^@anthropic-ai\//, "services/worker"],
];

/** What breaks the rules of who may import whom, as `path:line: sentence`. */
export function findViolations(files: readonly SourceFile[], manifests: Manifests): string[] {
  return files.flatMap((file) => violationsIn(file, manifests));
}

function violationsIn({ path, source }: SourceFile, manifests: Manifests): string[] {
  const home = packageOf(path);
  const fromImports = readImports(source).flatMap(({ specifier, line }) => {
    const problem = problemWith(specifier, { path, home, manifests });
    return problem === undefined ? [] : [`${path}:${line}: ${problem}`];
  });
  return [...fromImports, ...environmentReads(path, source)];
}

interface Place {
  path: string;
  home: string;
  manifests: Manifests;
}

function problemWith(specifier: string, place: Place): string | undefined {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? undefined : `${specifier}: write node:${specifier}`;
  if (specifier.startsWith(".")) return problemWithPath(specifier, place);
  const name = packageName(specifier);
  return problemWithLayer(folderCalled(name, place.manifests), place) ?? problemWithPackage(name, place);
}

/** Relative imports stay within a package; only `e2e`, which tries the whole from outside, may reach in anywhere. */
function problemWithPath(specifier: string, { path, home }: Place): string | undefined {
  const target = packageOf(posix.join(posix.dirname(path), specifier));
  if (target === home || home === "e2e") return undefined;
  return `${specifier} leads into ${target}: import it by its package name`;
}

function problemWithLayer(target: string | undefined, { home, path }: Place): string | undefined {
  if (target === undefined || target === home) return undefined;
  if (target.startsWith("services/") && home.startsWith("services/")) return `a service imports ${target}`;
  if (target.startsWith("services/") && home.startsWith("libs/")) return `a library imports ${target}`;
  if (target === "libs/testing" && home !== "scripts" && !isTest(path))
    return "only tests and scripts use libs/testing";
  return undefined;
}

function problemWithPackage(name: string, { home, path, manifests }: Place): string | undefined {
  const vendor = HOMES.find(([pattern]) => pattern.test(name));
  if (vendor !== undefined && vendor[1] !== home && !isTest(path) && !isBare(path))
    return `${name} belongs into ${vendor[1]} alone`;
  const manifest = manifests.get(home === "scripts" ? "" : home);
  if (manifest?.name === name) return undefined;
  const declared = [...(manifest?.dependencies ?? [])];
  if (isTest(path) || home === "scripts") {
    declared.push(...(manifest?.devDependencies ?? []), ...(manifests.get("")?.devDependencies ?? []));
  }
  return declared.includes(name) ? undefined : `${name} is not declared in the package.json of ${home}`;
}

/** Settings are read once, by a service's `main`. */
function environmentReads(path: string, source: string): string[] {
  const mayRead = /^services\/[^/]+\/src\/main\.ts$|^(scripts|e2e|libs\/testing)\//.test(path) || isTest(path);
  if (mayRead) return [];
  return findEnvironmentReads(source).map((line) => `${path}:${line}: only a main.ts reads process.env`);
}

/** `services/ingress`, `libs/slack`, `e2e` or `scripts`. */
function packageOf(path: string): string {
  const [top = "", name = ""] = path.split("/");
  return top === "services" || top === "libs" ? `${top}/${name}` : top;
}

function isTest(path: string): boolean {
  return /^e2e\/|^libs\/testing\/|\/test\//.test(path);
}

/** What a benchmark compares us with is the vendor's library itself. */
function isBare(path: string): boolean {
  return path.startsWith("scripts/bench/bare/");
}

function packageName(specifier: string): string {
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

function folderCalled(name: string, manifests: Manifests): string | undefined {
  return [...manifests].find(([, manifest]) => manifest.name === name)?.[0];
}

import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { git, gitOrNothing } from "./git-command.ts";
import { GitHubError } from "./github-error.ts";

export const PUSH_LOG = "pushes.log";
export const NO_COMMIT = "0".repeat(40);

/** As at GitHub, people fetch what a pull request points to (`refs/pull`), but only GitHub moves it. */
const SETTINGS = `[http]
	receivepack = true
[receive]
	advertisePushOptions = true
	autogc = false
	hideRefs = refs/pull
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[gc]
	auto = 0
`;

/** Git tells its hooks exactly which refs it has changed, whatever else was pushed at the same time. */
const NOTE_PUSH = `#!/bin/sh
now=$(date +%s)
while read -r old new ref; do printf '%s %s %s %s\\n' "$now" "$old" "$new" "$ref"; done >> ${PUSH_LOG}
`;

/** Makes an empty bare repository that can be pushed to over HTTP. */
export async function initBareRepository(directory: string, defaultBranch: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, ["init", "--quiet", "--bare", "--template=", `--initial-branch=${defaultBranch}`]);
  await appendFile(join(directory, "config"), SETTINGS);
  await mkdir(join(directory, "hooks"));
  await writeFile(join(directory, "hooks", "post-receive"), NOTE_PUSH, { mode: 0o755 });
}

export interface Ref {
  name: string;
  sha: string;
  type: string;
}

/** Refs below the prefix (`refs/heads/`), by name. */
export async function listRefs(directory: string, prefix: string): Promise<Ref[]> {
  const format = "--format=%(refname)%00%(objectname)%00%(objecttype)";
  const lines = (await git(directory, ["for-each-ref", format])).split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const [name = "", sha = "", type = ""] = line.split("\0");
    return name.startsWith(prefix) ? [{ name, sha, type }] : [];
  });
}

/** The commit a branch points to. */
export async function branchCommit(directory: string, branch: string): Promise<string | undefined> {
  return resolveCommit(directory, `refs/heads/${branch}`);
}

/** The commit behind a full ref or a commit id. */
export async function resolveCommit(directory: string, revision: string): Promise<string | undefined> {
  if (!isFullRef(revision) && !isSha(revision)) return undefined;
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const sha = (await gitOrNothing(directory, args))?.trim();
  return sha === "" ? undefined : sha;
}

/** A branch, tag or commit id as people name it in an address. */
export async function resolveName(directory: string, name: string): Promise<string | undefined> {
  return (
    (await resolveCommit(directory, `refs/heads/${name}`)) ??
    (await resolveCommit(directory, `refs/tags/${name}`)) ??
    (await resolveCommit(directory, name))
  );
}

/** Whether git would take this as a ref; nothing else is ever handed to it as one. */
export function isFullRef(text: string): boolean {
  const isRef = /^refs\/[^/]+\/\S+$/.test(text) && !/[~^:?*[\\\p{Cc} ]|\.\.|@\{|\/\/|\/\.|\.$|\/$/u.test(text);
  return isRef && !text.split("/").some((part) => part.endsWith(".lock") || part.startsWith("."));
}

export function isSha(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** `commit`, `tree`, `blob` or `tag` for each of the ids; undefined for what is not there. */
export async function objectTypes(directory: string, shas: readonly string[]): Promise<Array<string | undefined>> {
  const input = shas.map((sha) => `${sha}\n`).join("");
  const output = await git(directory, ["cat-file", "--batch-check=%(objecttype)"], { input });
  return output
    .trimEnd()
    .split("\n")
    .map((line) => (line.endsWith(" missing") ? undefined : line));
}

/** Repositories that were seen to have a commit; none ever loses its last one again. */
const begun = new Set<string>();

/** GitHub makes no objects in a repository that has no commit yet. @throws GitHubError 409. */
export async function requireSomeCommit(directory: string): Promise<void> {
  if (begun.has(directory)) return;
  if ((await listRefs(directory, "refs/heads/")).length === 0) throw new GitHubError(409, "Git Repository is empty.");
  begun.add(directory);
}

/** Points the ref to another commit, unless it has been moved from `from` in the meantime; says whether it did. */
export async function moveRef(
  directory: string,
  { ref, to, from }: { ref: string; to: string; from: string },
): Promise<boolean> {
  return (await gitOrNothing(directory, ["update-ref", ref, to, from])) !== undefined;
}

export async function deleteRef(directory: string, ref: string): Promise<void> {
  await git(directory, ["update-ref", "-d", ref]);
}

export async function isAncestor(directory: string, ancestor: string, descendant: string): Promise<boolean> {
  return (await gitOrNothing(directory, ["merge-base", "--is-ancestor", ancestor, descendant])) !== undefined;
}

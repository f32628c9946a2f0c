import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";
import { writeRef } from "./refs.ts";
import { lendObjects, type Vault } from "./vault.ts";

/** Where the agent works. */
export interface Workspace {
  /** The working tree. */
  readonly path: string;
  readonly branch: string;
  /** Commit the session branch had at the remote, or has now that we pushed; undefined while it is not there. */
  remoteTip: string | undefined;
  /** Commit of the default branch; undefined in an empty repository. */
  readonly baseTip: string | undefined;
}

export interface WorkspaceOptions {
  path: string;
  vault: Vault;
  git: Git;
  branch: string;
  defaultBranch: string;
  /** Where a person reads the repository; told to tools as `origin`. It needs no credential and has none. */
  webUrl: string;
  signal: AbortSignal;
}

/** Makes the working tree's own repository, with nothing in it. It needs no session. */
export async function makeWorkspace(path: string, git: Git): Promise<void> {
  await mkdir(path, { recursive: true });
  await git(["init", "--quiet", "--template=", path], { cwd: path });
}

/** Brings the repository here and stands on the session branch: the remote's if it has one, else a new one. */
export async function prepareWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { path, vault, git, branch, defaultBranch, signal } = options;
  const tips = await vault.fetch({ branch, base: defaultBranch }, signal);
  const workspace = { path, branch, remoteTip: tips.get(branch), baseTip: tips.get(defaultBranch) };
  await attachRepository(workspace, options);
  if (tips.size > 0) await git(["reset", "--quiet", "--hard"], { ...inWorkspace(workspace), signal });
  return workspace;
}

/**
 * Gives a repository that was made just now to the working tree: objects borrowed from the vault, the session branch at the commit the run
 * began with. The files stay as they are.
 */
export async function attachRepository(workspace: Workspace, options: WorkspaceOptions): Promise<void> {
  const { vault, defaultBranch } = options;
  const { path, branch, remoteTip, baseTip } = workspace;
  const gitDir = join(path, ".git");
  const refs: [string, string | undefined][] = [
    [`refs/heads/${branch}`, remoteTip ?? baseTip],
    [`refs/remotes/origin/${defaultBranch}`, baseTip],
    [`refs/remotes/origin/${branch}`, remoteTip],
  ];
  await Promise.all([
    lendObjects(vault, gitDir),
    writeFile(join(gitDir, "config"), configOf(options)),
    writeFile(join(gitDir, "HEAD"), `ref: refs/heads/${branch}\n`),
    ...refs.map(([ref, commit]) => (commit === undefined ? undefined : writeRef(gitDir, ref, commit))),
  ]);
}

/**
 * Puts the repository's own configuration back to what we wrote, so that no filter, driver or program that the agent
 * or the cloned code configured runs when the worker uses git. A repository that is gone or replaced is made anew.
 */
export async function resetRepository(workspace: Workspace, options: WorkspaceOptions): Promise<void> {
  const gitDir = join(workspace.path, ".git");
  const isWhole = await isFolder(gitDir);
  if (!isWhole || !(await isFolder(join(gitDir, "objects")))) {
    await rm(gitDir, { recursive: true, force: true });
    await makeWorkspace(workspace.path, options.git);
    await attachRepository(workspace, options);
    await options.git(["reset", "--quiet"], { ...inWorkspace(workspace), signal: options.signal, expected: [128] });
    return;
  }
  for (const name of ["config", "config.worktree", "commondir", "hooks", "index.lock", "HEAD.lock"]) {
    await rm(join(gitDir, name), { recursive: true, force: true });
  }
  await writeFile(join(gitDir, "config"), configOf(options));
}

/** For git in the workspace: whatever stands in the folder, this repository and this tree are meant. */
export function inWorkspace({ path }: Pick<Workspace, "path">) {
  const gitDir = join(path, ".git");
  return { cwd: path, env: { GIT_DIR: gitDir, GIT_COMMON_DIR: gitDir, GIT_WORK_TREE: path } };
}

async function isFolder(path: string): Promise<boolean> {
  // A symbolic link is none: it could lead to any repository.
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function configOf({ webUrl }: Pick<WorkspaceOptions, "webUrl">): string {
  return [
    "[core]",
    "\trepositoryformatversion = 0",
    "\tbare = false",
    "[user]",
    `\tname = ${COMMITTER.name}`,
    `\temail = ${COMMITTER.email}`,
    '[remote "origin"]',
    `\turl = ${JSON.stringify(webUrl)}`,
    "\tfetch = +refs/heads/*:refs/remotes/origin/*",
    "",
  ].join("\n");
}

export const COMMITTER = { name: "Peerbot", email: "peerbot@noreply.invalid" };

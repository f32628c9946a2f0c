import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Commit, Person } from "@peerbot/contracts";
import { commitMessage, toldSubject } from "./commit-message.ts";
import type { Git } from "./git.ts";
import { COMMITTER, inWorkspace, resetRepository, type Workspace, type WorkspaceOptions } from "./prepare-workspace.ts";

const LARGEST_FILE_BYTES = 50 * 1024 * 1024;

export interface CommittedWork {
  /** The workspace's newest commit when the remote does not have it: the worker's or the agent's own. */
  commit: Commit | undefined;
  /** What cannot be committed: files that are too large, and repositories of their own (they end with a slash). */
  skipped: string[];
}

/** Commits what changed in the working tree, if anything did, and says what there is to push. */
export async function commitWork(
  workspace: Workspace,
  options: WorkspaceOptions & { request: string; person: Person },
): Promise<CommittedWork> {
  const { git, request, person, signal } = options;
  await resetRepository(workspace, options);
  const here = { ...inWorkspace(workspace), signal };
  const skipped = await stageChanges(git, here);
  const { exitCode } = await git(["diff", "--cached", "--quiet", "--no-ext-diff", "--no-textconv"], {
    ...here,
    expected: [1],
  });
  if (exitCode === 1) {
    await git(["commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-"], {
      ...here,
      env: { ...here.env, ...identity() },
      input: commitMessage({ request, person }),
    });
  }
  return { commit: await unpushedCommit(workspace, git, here), skipped };
}

type Place = ReturnType<typeof inWorkspace> & { signal: AbortSignal };

async function stageChanges(git: Git, here: Place): Promise<string[]> {
  const { stdout } = await git(["ls-files", "-z", "--others", "--modified", "--exclude-standard"], here);
  const files = stdout.split("\0").filter((file) => file !== "");
  const sizes = await Promise.all(files.map(async (file) => ({ file, bytes: await sizeOf(join(here.cwd, file)) })));
  const skipped = sizes
    .filter(({ file, bytes }) => bytes > LARGEST_FILE_BYTES || file.endsWith("/"))
    .map(({ file }) => file);
  const pathspecs = [".", ...skipped.map((file) => `:(exclude,literal)${file}`)];
  await git(["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"], {
    ...here,
    input: pathspecs.join("\0"),
  });
  return skipped;
}

async function sizeOf(path: string): Promise<number> {
  return (await lstat(path).catch(() => undefined))?.size ?? 0; // deleted files have none
}

async function unpushedCommit(workspace: Workspace, git: Git, here: Place): Promise<Commit | undefined> {
  const { exitCode, stdout } = await git(["log", "-1", "--format=%H%x00%s", "HEAD"], { ...here, expected: [128] });
  if (exitCode !== 0) return undefined; // a branch without a commit: an empty repository in which nothing was made
  const [sha = "", subject = ""] = stdout.split("\0");
  return sha === (workspace.remoteTip ?? workspace.baseTip) ? undefined : { sha, subject: toldSubject(subject) };
}

/** The commit if Peerbot made it; undefined for anybody else's. */
export async function ownCommit(
  workspace: Workspace,
  sha: string,
  { git, signal }: Pick<WorkspaceOptions, "git" | "signal">,
): Promise<Commit | undefined> {
  const { stdout } = await git(["log", "-1", "--format=%ce%x00%s", sha], { ...inWorkspace(workspace), signal });
  const [email, subject = ""] = stdout.split("\0");
  return email === COMMITTER.email ? { sha, subject: toldSubject(subject) } : undefined;
}

function identity(): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: COMMITTER.name,
    GIT_AUTHOR_EMAIL: COMMITTER.email,
    GIT_COMMITTER_NAME: COMMITTER.name,
    GIT_COMMITTER_EMAIL: COMMITTER.email,
  };
}

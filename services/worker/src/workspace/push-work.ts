import { join } from "node:path";
import type { Commit } from "@peerbot/contracts";
import { AppError } from "@peerbot/runtime/core";
import { toldSubject } from "./commit-message.ts";
import type { Git } from "./git.ts";
import { COMMITTER, inWorkspace, type Workspace } from "./prepare-workspace.ts";
import { lendObjects, type Vault } from "./vault.ts";

/** A person may push again while we rebase; more often than this, somebody is fighting us. */
const MAX_ATTEMPTS = 3;
const MOST_FILES_SHOWN = 10;

/** The work is committed here but could not get to the session branch. */
export class PushError extends AppError {
  readonly hint: string;

  constructor(code: "push-conflict" | "push-refused", message: string, hint: string) {
    super(message, { code });
    this.hint = hint;
  }
}

/**
 * Pushes a commit of the workspace to the session branch. What a person pushed meanwhile is kept, and what they took
 * away stays away: our commits are put on top of theirs. Returns the commit that is on the remote now. @throws PushError
 */
export async function pushWork(
  workspace: Workspace,
  commit: Commit,
  { vault, git, signal }: { vault: Vault; git: Git; signal: AbortSignal },
): Promise<Commit> {
  let current = commit;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    await vault.takeFrom(join(workspace.path, ".git"), current.sha);
    const outcome = (await isOnTop(workspace, current, { git, signal }))
      ? await vault.push(current.sha, workspace.branch, workspace.remoteTip)
      : { status: "rejected" as const };
    if (outcome.status === "pushed") {
      workspace.remoteTip = current.sha;
      return current;
    }
    if (outcome.status === "refused") {
      throw new PushError(
        "push-refused",
        `the push was refused: ${outcome.reason}`,
        "The changes are in no branch yet.",
      );
    }
    current = await putOnTop(workspace, current, { vault, git, signal });
  }
  throw new PushError(
    "push-conflict",
    "somebody keeps pushing to the session's branch at the same time",
    "Say “continue” when it is quiet: I'll do it again on top of their work.",
  );
}

/** A push moves the branch wherever it is told to: only forward, so that nothing on it is lost. */
async function isOnTop(
  workspace: Workspace,
  commit: Commit,
  { git, signal }: { git: Git; signal: AbortSignal },
): Promise<boolean> {
  if (workspace.remoteTip === undefined) return true;
  const args = ["merge-base", "--is-ancestor", workspace.remoteTip, commit.sha];
  return (await git(args, { ...inWorkspace(workspace), signal, expected: [1] })).exitCode === 0;
}

async function putOnTop(
  workspace: Workspace,
  commit: Commit,
  { vault, git, signal }: { vault: Vault; git: Git; signal: AbortSignal },
): Promise<Commit> {
  const theirs = (await vault.fetch({ branch: workspace.branch })).get(workspace.branch);
  if (theirs === undefined) {
    workspace.remoteTip = undefined; // deleted meanwhile: the next push makes it again
    return commit;
  }
  await lendObjects(vault, join(workspace.path, ".git"));
  const here = { ...inWorkspace(workspace), signal };
  const env = { ...here.env, GIT_COMMITTER_NAME: COMMITTER.name, GIT_COMMITTER_EMAIL: COMMITTER.email };
  const base = workspace.remoteTip ?? workspace.baseTip;
  const upstream = base === undefined ? ["--root"] : [base];
  await git(["checkout", "--quiet", "--detach", commit.sha], here);
  const { exitCode } = await git(["rebase", "--quiet", "--no-verify", "--onto", theirs, ...upstream], {
    ...here,
    env,
    expected: [1],
  });
  if (exitCode !== 0) throw await conflict(git, here);
  const { stdout } = await git(["log", "-1", "--format=%H%x00%s", "HEAD"], here);
  const [sha = "", subject = ""] = stdout.split("\0");
  await git(["checkout", "--quiet", "-B", workspace.branch, sha], here);
  workspace.remoteTip = theirs;
  return { sha, subject: toldSubject(subject) };
}

async function conflict(git: Git, here: ReturnType<typeof inWorkspace> & { signal: AbortSignal }): Promise<PushError> {
  const { stdout } = await git(["diff", "--name-only", "--diff-filter=U", "--no-ext-diff"], here);
  await git(["rebase", "--abort"], { ...here, expected: [1, 128] });
  const files = stdout.split("\n").filter((file) => file !== "");
  return new PushError(
    "push-conflict",
    `somebody pushed to the session's branch while I worked, and their changes conflict with mine in ${shownFiles(files)}`,
    "Their commits are on the branch, mine are not; our conversation is kept. Say “continue” and I'll do it again on top of theirs.",
  );
}

function shownFiles(files: readonly string[]): string {
  const shown = files.slice(0, MOST_FILES_SHOWN).join(", ");
  return files.length > MOST_FILES_SHOWN ? `${shown} and ${files.length - MOST_FILES_SHOWN} more` : shown;
}

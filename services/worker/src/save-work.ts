import type { Assignment, ChangeSize, Commit, Failure, PullRequest, WorkerEvent } from "@peerbot/contracts";
import { AppError, faultPoint, messageOf } from "@peerbot/runtime/core";
import { FencedError, type GatewayClient } from "./gateway-client.ts";
import { branchSubjects, measureChanges } from "./workspace/change-size.ts";
import { subjectOf } from "./workspace/commit-message.ts";
import { commitWork, ownCommit } from "./workspace/commit-work.ts";
import type { Workspace, WorkspaceOptions } from "./workspace/prepare-workspace.ts";
import { PushError, pushWork } from "./workspace/push-work.ts";
import { writePullRequest } from "./write-pull-request.ts";

/** What became of the changes of a turn. */
export interface SavedWork {
  /** The commit that is on the session branch now; undefined when there was nothing to push. */
  commit?: Commit;
  changes?: ChangeSize;
  /** Why the work did not get to the branch. */
  failure?: Failure;
}

export interface SaveContext {
  assignment: Assignment;
  workspace: Workspace;
  options: WorkspaceOptions;
  report: (event: WorkerEvent) => void;
}

/**
 * Commits and pushes what the turn changed. A commit of ours that a run pushed and did not live to publish counts as
 * this turn's.
 */
export async function saveWork(
  { assignment, workspace, options, report }: SaveContext,
  { request, publishedCommit }: { request: string; publishedCommit: string | undefined },
): Promise<SavedWork> {
  try {
    const { commit, skipped } = await commitWork(workspace, { ...options, request, person: assignment.person });
    if (skipped.length > 0) report({ type: "notice", text: skippedNotice(skipped) });
    if (commit === undefined) return await unpublishedWork(workspace, options, publishedCommit);
    await faultPoint("worker.after-commit");
    report({ type: "phase", phase: "committing" });
    report({ type: "phase", phase: "pushing" });
    const pushed = await pushWork(workspace, commit, options);
    await faultPoint("worker.after-push");
    const changes = await measureChanges(workspace, options);
    return { commit: pushed, ...(changes === undefined ? {} : { changes }) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

async function unpublishedWork(
  workspace: Workspace,
  options: WorkspaceOptions,
  publishedCommit: string | undefined,
): Promise<SavedWork> {
  const { remoteTip, baseTip } = workspace;
  if (remoteTip === undefined || remoteTip === baseTip || remoteTip === publishedCommit) return {};
  const commit = await ownCommit(workspace, remoteTip, options);
  if (commit === undefined) return {};
  const changes = await measureChanges(workspace, options);
  return { commit, ...(changes === undefined ? {} : { changes }) };
}

/** Opens the pull request or brings it up to date. When that fails people are told; the branch is there all the same. */
export async function publishWork(
  { assignment, workspace, options, report }: SaveContext,
  { gateway, request, answer }: { gateway: GatewayClient; request: string; answer: string },
): Promise<PullRequest | undefined> {
  const { person, branch, repository } = assignment;
  if (workspace.baseTip === undefined) {
    const text = `There is no pull request: ${repository.defaultBranch} does not exist yet, so there is nothing to merge into.`;
    report({ type: "notice", text });
    return undefined;
  }
  report({ type: "phase", phase: "opening-pull-request" });
  try {
    const subjects = await branchSubjects(workspace, options);
    const title = subjects[0] ?? subjectOf(request);
    return await gateway.openPullRequest(writePullRequest({ title, subjects, answer, request, person, branch }));
  } catch (error) {
    const { message } = expectedIn(error);
    report({ type: "notice", text: `The branch is pushed, but the pull request could not be opened: ${message}.` });
    return undefined;
  }
}

/** A failure of git or of what is behind it. @throws what is none of these: a bug, or the end of the run */
export function failureOf(error: unknown): Failure {
  const expected = expectedIn(error);
  const hint = expected instanceof PushError ? expected.hint : HINTS[expected.code];
  return { code: expected.code, message: `${messageOf(expected)}.`, ...(hint === undefined ? {} : { hint }) };
}

/** The failure that people can be told of. @throws what is none: a bug, or the end of the run */
export function expectedIn(error: unknown): AppError {
  // A pause that was cut short has the failure behind it.
  const found = error instanceof Error && error.name === "AbortError" ? error.cause : error;
  if (found instanceof FencedError || !(found instanceof AppError)) throw error;
  return found;
}

const HINTS: Readonly<Record<string, string>> = {
  "repository-not-found": "Restore it, or ask an administrator to set another one up.",
  "git-host-unauthorized": "An administrator has to check Peerbot's access to the git host.",
  "push-too-large": "Ask me to leave large files out, or an administrator to raise `GIT_PUSH_MAX_BYTES`.",
  "git-refused":
    "Try again; if it stays so, an administrator has to look at the git host and at what stands before it.",
  "out-of-time": "Try again: I'll do it once more.",
  "git-unreachable": "Try again in a few minutes.",
  "git-failed": "Try again; if it stays so, an administrator finds more in the worker's log.",
};

function skippedNotice(skipped: readonly string[]): string {
  const names = skipped.slice(0, 5).map((file) => `\`${file}\``);
  const more = skipped.length > names.length ? ` and ${skipped.length - names.length} more` : "";
  return `Not committed, because they are over 50 MB or repositories of their own: ${names.join(", ")}${more}.`;
}

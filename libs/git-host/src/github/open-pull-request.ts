import type { Octokit } from "@octokit/rest";
import { PullRequest } from "@peerbot/contracts";
import { GitHostError } from "../errors.ts";
import type { PullRequestRequest } from "../git-host.ts";
import { type Doing, explaining, isGitHubFailure, wordsOf } from "./github-failure.ts";

interface GitHubPullRequest {
  number: number;
  html_url: string;
  title: string;
  body?: string | null;
}

const STEP: Doing = { doing: "open a pull request", permission: "Pull requests: write" };

/** Opens the pull request, or brings the open one of that branch up to date. */
export async function openPullRequest(octokit: Octokit, request: PullRequestRequest): Promise<PullRequest> {
  return explaining(STEP, async () => {
    try {
      const open = await findOpen(octokit, request);
      const pull = open === undefined ? await create(octokit, request) : await update(octokit, request, open);
      return PullRequest.parse({ number: pull.number, url: pull.html_url });
    } catch (error) {
      throw (await isDeleted(octokit, request, error)) ? repositoryDeleted(request, error) : error;
    }
  });
}

async function findOpen(octokit: Octokit, { repository, head, base }: PullRequestRequest) {
  const { data } = await octokit.pulls.list({
    ...placeOf(repository),
    head: `${repository.owner}:${head}`,
    base,
    state: "open",
    per_page: 1,
  });
  return data[0];
}

async function create(octokit: Octokit, request: PullRequestRequest): Promise<GitHubPullRequest> {
  const { repository, head, base, title, body } = request;
  try {
    const { data } = await octokit.pulls.create({ ...placeOf(repository), head, base, title, body });
    return data;
  } catch (error) {
    if (!(isGitHubFailure(error) && error.status === 422)) throw error;
    const words = wordsOf(error);
    if (/no commits between/i.test(words)) {
      throw new GitHostError(`${head} has no commit that ${base} lacks`, { code: "nothing-to-merge", cause: error });
    }
    if (/already exists/i.test(words)) {
      const open = await findOpen(octokit, request);
      if (open !== undefined) return update(octokit, request, open);
    }
    const missing = /\b(head|base) invalid\b/.exec(words)?.[1];
    if (missing === undefined) throw error;
    const branch = missing === "head" ? head : base;
    throw new GitHostError(`${repository.owner}/${repository.name} has no branch ${branch}`, {
      code: "branch-missing",
      cause: error,
    });
  }
}

async function update(
  octokit: Octokit,
  { repository, title, body }: PullRequestRequest,
  open: GitHubPullRequest,
): Promise<GitHubPullRequest> {
  if (open.title === title && (open.body ?? "") === body) return open;
  const { data } = await octokit.pulls.update({ ...placeOf(repository), pull_number: open.number, title, body });
  return data;
}

/** GitHub's 404 does not say what is missing. */
async function isDeleted(octokit: Octokit, { repository }: PullRequestRequest, error: unknown): Promise<boolean> {
  if (!(isGitHubFailure(error) && error.status === 404)) return false;
  try {
    await octokit.repos.get(placeOf(repository));
    return false;
  } catch (failure) {
    if (isGitHubFailure(failure) && failure.status === 404) return true;
    throw failure;
  }
}

function repositoryDeleted({ repository }: PullRequestRequest, cause: unknown): GitHostError {
  const message = `${repository.owner}/${repository.name} was deleted, or Peerbot may not see it any more`;
  return new GitHostError(message, { code: "repository-deleted", cause });
}

function placeOf({ owner, name }: PullRequestRequest["repository"]): { owner: string; repo: string } {
  return { owner, repo: name };
}

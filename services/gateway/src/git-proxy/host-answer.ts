import { GitHostError } from "@peerbot/git-host";

/**
 * What a git host's HTTP status means for a worker; undefined when the answer may pass. A refusal of our own
 * credential is never told as 401: the worker would take it for a refusal of its token.
 */
export function failureOfHost(status: number, repository: string): GitHostError | undefined {
  if (status === 200) return undefined;
  if (status === 401) {
    return new GitHostError("the git host does not accept Peerbot's token", { code: "github-unauthorized" });
  }
  if (status === 403) {
    return new GitHostError(`the git host does not let Peerbot into ${repository}`, { code: "github-forbidden" });
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    return new GitHostError(`${repository} was deleted, renamed or moved at the git host`, {
      code: "repository-deleted",
    });
  }
  const message = `the git host answered ${status}`;
  if (status === 429) return new GitHostError(message, { code: "github-rate-limited" });
  return new GitHostError(message, { code: status >= 500 ? "github-unavailable" : "github-refused" });
}

/** Nothing answered at the git host's address. */
export function hostUnreachable(cause: unknown): GitHostError {
  return new GitHostError("the git host cannot be reached", { code: "github-unavailable", cause });
}

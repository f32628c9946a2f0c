import { GitHostError, type GitHostErrorOptions } from "../errors.ts";

/** An answer of GitHub that is no success, as Octokit throws it. */
export interface GitHubFailure extends Error {
  status: number;
  response?: { headers: Record<string, string | number | undefined>; data?: unknown };
}

/** What was being done, for messages and advice. */
export interface Doing {
  /** As it reads after "GitHub did not let Peerbot": `create a repository`. */
  doing: string;
  /** The permission of a fine-grained token or GitHub App it takes: `Administration: write`. */
  permission: string;
}

export function isGitHubFailure(error: unknown): error is GitHubFailure {
  return error instanceof Error && "status" in error && typeof error.status === "number";
}

/** All the words of an answer: its message and those of its details. */
export function wordsOf(failure: GitHubFailure): string {
  const data = failure.response?.data;
  if (typeof data !== "object" || data === null) return failure.message;
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  return [message, ...(Array.isArray(errors) ? errors.map(wordsOfDetail) : [])].filter(Boolean).join("; ");
}

/** Runs the calls of one step; what GitHub answers in the negative becomes a `GitHostError`. */
export async function explaining<T>(step: Doing, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw isGitHubFailure(error) ? explain(error, step) : error;
  }
}

function explain(cause: GitHubFailure, { doing, permission }: Doing): GitHostError {
  const fail = (message: string, options: Omit<GitHostErrorOptions, "cause">) =>
    new GitHostError(`${message} (${cause.status}: ${wordsOf(cause)})`, { ...options, cause });

  if (cause.status === 401) return fail("GitHub does not accept Peerbot's token", { code: "github-unauthorized" });
  if (isRateLimit(cause)) return rateLimited(cause);
  if (cause.status === 403) {
    const hint = hintOfForbidden(cause, permission);
    return fail(`GitHub did not let Peerbot ${doing}`, { code: "github-forbidden", hint });
  }
  if (cause.status === 404) return fail(`GitHub does not know where to ${doing}`, { code: "github-not-found" });
  // Octokit gives a connection that failed, or took too long, the status 500.
  if (cause.status >= 500) return fail(`GitHub could not ${doing} just now`, { code: "github-unavailable" });
  return fail(`GitHub refused to ${doing}`, { code: "github-refused" });
}

/** Both kinds, the hourly and the secondary one, come as 403 or as 429. */
function isRateLimit({ status, response, message }: GitHubFailure): boolean {
  if (status === 429) return true;
  const headers = response?.headers ?? {};
  const isUsedUp = String(headers["x-ratelimit-remaining"]) === "0" || headers["retry-after"] !== undefined;
  return status === 403 && (isUsedUp || /rate limit/i.test(message));
}

function rateLimited(cause: GitHubFailure): GitHostError {
  const retryAfterSeconds = secondsUntilReset(cause.response?.headers ?? {}, Date.now());
  const message = `GitHub lets Peerbot do no more for ${retryAfterSeconds} seconds`;
  return new GitHostError(message, { code: "github-rate-limited", retryAfterSeconds, cause });
}

/** GitHub asks for a minute when it names no time. */
export function secondsUntilReset(headers: Record<string, string | number | undefined>, now: number): number {
  const after = Number(headers["retry-after"]);
  if (Number.isFinite(after)) return Math.max(1, Math.ceil(after));
  const resetAt = Number(headers["x-ratelimit-reset"]);
  if (Number.isFinite(resetAt)) return Math.max(1, Math.ceil(resetAt - now / 1000));
  return 60;
}

function hintOfForbidden({ response }: GitHubFailure, permission: string): string {
  const headers = response?.headers ?? {};
  if (headers["x-github-sso"] !== undefined) {
    return "Whoever runs Peerbot must authorise the GitHub token for the organisation's single sign-on.";
  }
  const accepted = headers["x-accepted-github-permissions"];
  const wanted = accepted === undefined || accepted === "" ? permission : `${permission} (GitHub says: ${accepted})`;
  return `Whoever runs Peerbot must give the GitHub token the permission ${wanted}.`;
}

function wordsOfDetail(detail: unknown): string {
  if (typeof detail === "string") return detail;
  if (typeof detail !== "object" || detail === null) return "";
  const { message, resource, field, code } = detail as Record<string, unknown>;
  return typeof message === "string" ? message : [resource, field, code].filter(Boolean).join(" ");
}

import { AppError } from "@peerbot/runtime";

export type GitHostProblem =
  | "github-unauthorized"
  | "github-forbidden"
  | "github-not-found"
  | "github-rate-limited"
  | "github-unavailable"
  | "github-refused"
  | "repository-deleted"
  | "repository-archived"
  | "repository-name-taken"
  | "branch-missing"
  | "nothing-to-merge"
  | "person-invalid";

export interface GitHostErrorOptions {
  code: GitHostProblem;
  /** Replaces what is usually advised for the code. */
  hint?: string;
  /** When a rate limit ends, counted from now, if the host said so. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The git host could not do what was asked. */
export class GitHostError extends AppError {
  declare readonly code: GitHostProblem;
  /** What a person can do about it, one sentence. */
  readonly hint: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { code, hint = HINTS[code], retryAfterSeconds, cause }: GitHostErrorOptions) {
    super(message, { code, retryable: RETRYABLE.has(code), cause });
    this.hint = hint;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const RETRYABLE: ReadonlySet<GitHostProblem> = new Set(["github-rate-limited", "github-unavailable"]);

/** What people are advised to do, in one place. */
const HINTS: Readonly<Record<GitHostProblem, string>> = {
  "github-unauthorized": "Whoever runs Peerbot must put a valid token into GITHUB_TOKEN.",
  "github-forbidden": "Whoever runs Peerbot must give the GitHub token the missing permission.",
  "github-not-found": "Whoever runs Peerbot must check GITHUB_ORGANIZATION and what the GitHub token may see.",
  "github-rate-limited": "Wait a few minutes, then try again.",
  "github-unavailable": "Wait a few minutes, then try again.",
  "github-refused": "Whoever runs Peerbot has to look at this.",
  "repository-deleted": "Start a new thread: it gets a new repository.",
  "repository-archived": "Unarchive the repository on GitHub, then try again.",
  "repository-name-taken": "Whoever runs Peerbot must rename or remove one of the repositories on GitHub.",
  "branch-missing": "Push the branch before opening a pull request.",
  "nothing-to-merge": "Ask for a change first; a pull request needs at least one commit.",
  "person-invalid": "Whoever runs Peerbot has to look at this.",
};

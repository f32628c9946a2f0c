import { Octokit } from "@octokit/rest";
import type { Logger, Secret } from "@peerbot/runtime";

export interface GitHubClientOptions {
  /** Such as `https://api.github.com`. */
  apiUrl: string;
  token: Secret;
  /** What one request may take, in milliseconds. */
  timeoutMs: number;
  logger?: Pick<Logger, "warn"> | undefined;
}

/** GitHub's REST API with a time limit on every request: Octokit itself waits for ever. */
export function createGitHubClient({ apiUrl, token, timeoutMs, logger }: GitHubClientOptions): Octokit {
  const timedFetch: typeof fetch = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  return new Octokit({
    auth: token.reveal(),
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "peerbot",
    request: { fetch: timedFetch },
    log: {
      // It hands out whole requests here, with the token in their headers.
      debug: () => {},
      info: () => {},
      warn: (message: string) => logger?.warn({ detail: message }, "github-warning"),
      // Every failed request; failures are thrown and told by whoever handles them.
      error: () => {},
    },
  });
}

import { type Logger, Secret } from "@peerbot/runtime";
import type { GitHost } from "../git-host.ts";
import { ensureRepository } from "./ensure-repository.ts";
import { createGitHubClient } from "./github-client.ts";
import { explaining } from "./github-failure.ts";
import { openPullRequest } from "./open-pull-request.ts";

export interface GitHubHostOptions {
  /** REST API, such as `https://api.github.com`. */
  apiUrl: string;
  /** Where git itself goes, such as `https://github.com`. */
  gitUrl: string;
  /** Whose the repositories are. */
  organization: string;
  /** Needs Administration, Contents and Pull requests: write. */
  token: Secret;
  logger?: Pick<Logger, "warn"> | undefined;
  /** What one request may take, in milliseconds; 20,000 unless told. */
  timeoutMs?: number;
}

/** Repositories `user-{name}` in one GitHub organisation, acted on with one token. */
export function createGitHubHost({
  apiUrl,
  gitUrl,
  organization,
  token,
  logger,
  timeoutMs = 20_000,
}: GitHubHostOptions): GitHost {
  const octokit = createGitHubClient({ apiUrl, token, timeoutMs, logger });
  const credentials = Buffer.from(`x-access-token:${token.reveal()}`).toString("base64");
  const authorization = new Secret(`Basic ${credentials}`);
  const gitRoot = gitUrl.replace(/\/+$/, "");
  let isOrganizationSeen = false;

  return {
    ensureRepository: (person) => ensureRepository(person, { octokit, organization }),
    openPullRequest: (request) => openPullRequest(octokit, request),
    async gitAccess({ owner, name }) {
      const path = [owner, name].map(encodeURIComponent).join("/");
      return { url: `${gitRoot}/${path}.git`, authorization };
    },
    async checkReady() {
      await explaining({ doing: `see the organisation ${organization}`, permission: "Metadata: read" }, async () => {
        // Costs nothing of the hourly limit, and a bad token fails it all the same.
        await octokit.rateLimit.get();
        if (!isOrganizationSeen) await octokit.orgs.get({ org: organization });
        isOrganizationSeen = true;
      });
    },
  };
}

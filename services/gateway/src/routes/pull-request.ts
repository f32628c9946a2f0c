import { type PullRequest, PullRequestDraft } from "@peerbot/contracts";
import type { GitHost } from "@peerbot/git-host";
import { faultPoint } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { claimsOf, preparedRunOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { withoutTokens } from "../without-tokens.ts";

export interface PullRequestPorts {
  runs: SessionRuns;
  gitHost: GitHost;
  metrics: GatewayMetrics;
  log: BusinessEvents;
}

/** POST /v1/pull-request: opens, or updates, the pull request of the run's branch against the default branch. */
export function addPullRequestRoute(scope: FastifyInstance, { runs, gitHost, metrics, log }: PullRequestPorts): void {
  scope.post("/pull-request", async (request): Promise<PullRequest> => {
    const claims = claimsOf(request);
    const { title, body } = PullRequestDraft.parse(request.body);
    const { repository, branch } = await preparedRunOf(runs, claims);
    await faultPoint("gateway.before-pull-request");
    try {
      const pullRequest = await gitHost.openPullRequest({
        repository,
        head: branch,
        base: repository.defaultBranch,
        title: withoutTokens(title),
        body: withoutTokens(body),
      });
      await faultPoint("gateway.after-pull-request");
      metrics.gitOperations.inc({ operation: "pull-request", result: "ok" });
      log.pullRequestOpened(claims, pullRequest.url);
      return pullRequest;
    } catch (error) {
      metrics.gitOperations.inc({ operation: "pull-request", result: "failed" });
      throw error;
    }
  });
}

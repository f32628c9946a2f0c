import type { FastifyInstance } from "fastify";
import type { ClaudeStandIn } from "../claude/index.ts";
import type { GcsStandIn } from "../gcs/index.ts";
import type { GitHubStandIn } from "../github/index.ts";
import { type ModelRequests, ModelRequestsQuery, type ObjectWrites, type PullRequests, type Pushes } from "./api.ts";
import { parseRequest } from "./control-problem.ts";

export interface OutsideStandIns {
  github?: Pick<GitHubStandIn, "pushes" | "pullRequests">;
  claude?: Pick<ClaudeStandIn, "requests">;
  gcs?: Pick<GcsStandIn, "requests">;
}

/** What was done at the stand-ins that have no page of their own. */
export function addOutsideRoutes(scope: FastifyInstance, { github, claude, gcs }: OutsideStandIns): void {
  scope.get("/sandbox/pushes", async (): Promise<Pushes> => ({ pushes: [...(github?.pushes ?? [])] }));

  scope.get("/sandbox/pull-requests", async (): Promise<PullRequests> => {
    return {
      pullRequests: (github?.pullRequests() ?? []).map(
        ({ owner, repository, number, state, head, base, createdAt }) => {
          return { owner, repository, number, state, head, base, createdAt };
        },
      ),
    };
  });

  scope.get("/sandbox/model-requests", async (request): Promise<ModelRequests> => {
    const { sessionKey } = parseRequest(ModelRequestsQuery, request.query);
    return {
      requests: (claude?.requests ?? [])
        .filter((seen) => sessionKey === undefined || seen.sessionKey === sessionKey)
        .map(({ at, model, status, ...seen }) => ({ at, model, status, sessionKey: seen.sessionKey ?? null })),
    };
  });

  scope.get("/sandbox/object-writes", async (): Promise<ObjectWrites> => {
    return {
      writes: (gcs?.requests ?? [])
        .filter(({ method }) => method !== "GET" && method !== "HEAD")
        .map(({ method, url, status, at }) => ({ method, url, status: status ?? null, at })),
    };
  });
}

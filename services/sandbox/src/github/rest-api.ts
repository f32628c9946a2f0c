import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { addCommitRoutes } from "./commit-routes.ts";
import { addContentsRoutes } from "./contents-routes.ts";
import { addGitObjectRoutes } from "./git-object-routes.ts";
import { addGitRefRoutes } from "./git-ref-routes.ts";
import { GitHubError, gitHubErrorBody } from "./github-error.ts";
import { addPullRoutes } from "./pull-routes.ts";
import { addRepositoryRoutes } from "./repository-routes.ts";

const MAX_BODY_BYTES = 100 * 1024 * 1024;

/** The REST API, for those who show the token. */
export function addRestApi(scope: FastifyInstance, context: ApiContext, token: string): void {
  scope.removeContentTypeParser("application/json");
  scope.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
    (_request, text, done) => {
      try {
        done(null, text === "" ? {} : JSON.parse(String(text)));
      } catch {
        done(new GitHubError(400, "Problems parsing JSON"));
      }
    },
  );
  scope.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-github-media-type": "github.v3; format=json",
      "x-github-request-id": request.id,
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4999",
      "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 3600),
    });
    requireToken(request, token);
  });
  scope.setErrorHandler(answerError);
  scope.setNotFoundHandler((_request, reply) => reply.code(404).send(gitHubErrorBody(404)));

  addRepositoryRoutes(scope, context);
  addCommitRoutes(scope, context);
  addGitRefRoutes(scope, context);
  addGitObjectRoutes(scope, context);
  addContentsRoutes(scope, context);
  addPullRoutes(scope, context);
}

function requireToken({ headers }: FastifyRequest, token: string): void {
  if (headers.authorization === undefined) throw new GitHubError(401, "Requires authentication");
  const shown = headers.authorization.replace(/^(?:bearer|token)\s+/i, "");
  if (!isSameText(shown, token)) throw new GitHubError(401, "Bad credentials");
}

export function isSameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof GitHubError)) throw error;
  return reply.code(error.status).send(gitHubErrorBody(error.status, error.message, error.errors));
}

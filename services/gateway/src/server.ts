import type { GatewayError } from "@peerbot/contracts";
import type { ConversationStore } from "@peerbot/conversation-store";
import type { GitHost } from "@peerbot/git-host";
import type { Secret } from "@peerbot/runtime";
import type { SessionActivity, SessionRuns } from "@peerbot/session-log";
import type { WarmNews, WarmPool } from "@peerbot/warm-pool";
import Fastify, { type FastifyInstance } from "fastify";
import { guardWithToken } from "./authenticate.ts";
import type { BusinessEvents } from "./business-events.ts";
import { apiKeyToken, bearerToken, gitToken } from "./credentials.ts";
import type { Abilities } from "./git-proxy/abilities.ts";
import type { GitUpstream } from "./git-proxy/git-upstream.ts";
import { addGitRoutes } from "./git-proxy/routes.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { anthropicError } from "./model-proxy/anthropic-error.ts";
import type { ClaudeApi } from "./model-proxy/claude-api.ts";
import { addModelRoutes } from "./model-proxy/routes.ts";
import { answerFailures, type FailureWriter } from "./refuse.ts";
import { addAssignmentRoute } from "./routes/assignment.ts";
import { addConversationRoutes } from "./routes/conversation.ts";
import { addEventsRoute } from "./routes/events.ts";
import { addExchangeRoute } from "./routes/exchange.ts";
import { addFinishRoute } from "./routes/finish.ts";
import { addInboxRoute } from "./routes/inbox.ts";
import { addPullRequestRoute } from "./routes/pull-request.ts";
import { addStandbyRoutes } from "./routes/standby.ts";
import { inWords } from "./told-failure.ts";

export interface ServerParts {
  tokenSecret: Secret;
  runs: SessionRuns;
  activity: SessionActivity;
  pool: WarmPool;
  news: WarmNews;
  conversations: ConversationStore;
  gitHost: GitHost;
  upstream: GitUpstream;
  abilities: Abilities;
  claude: ClaudeApi;
  model: string | undefined;
  pushMaxBytes: number;
  stopping: AbortSignal;
  isRedisAway: () => boolean;
  metrics: GatewayMetrics;
  log: BusinessEvents;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** Of a body that is read before any token was looked at: more than the token that it holds. */
const MAX_STRANGERS_BYTES = 8 * 1024;

/** The workers' API: five doors, each with its own kind of token and its own way of saying no. */
export async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { tokenSecret } = parts;
  const server = Fastify({ bodyLimit: MAX_STRANGERS_BYTES });
  answerFailures(server, parts, writeGatewayError);

  await server.register(async (scope) => addExchangeRoute(scope, parts), { prefix: "/v1" });
  await server.register(async (scope) => addStandbyRoutes(scope, parts), { prefix: "/v1" });
  await server.register(
    async (scope) => {
      guardWithToken(scope, { tokenSecret, kind: "run", readToken: bearerToken });
      scope.addHook("onRoute", (route) => {
        route.bodyLimit ??= MAX_BODY_BYTES;
      });
      addAssignmentRoute(scope, parts);
      addInboxRoute(scope, parts);
      addEventsRoute(scope, parts);
      addPullRequestRoute(scope, parts);
      addFinishRoute(scope, parts);
      // In a scope of its own: it parses JSON differently.
      await scope.register(async (inner) => addConversationRoutes(inner, parts));
    },
    { prefix: "/v1" },
  );
  await server.register(
    async (scope) => {
      guardWithToken(scope, { tokenSecret, kind: "model", readToken: apiKeyToken });
      answerFailures(scope, parts, writeAnthropicError);
      addModelRoutes(scope, parts);
    },
    { prefix: "/anthropic" },
  );
  await server.register(
    async (scope) => {
      guardWithToken(scope, { tokenSecret, kind: "git", readToken: gitToken });
      answerFailures(scope, parts, writeGitError);
      addGitRoutes(scope, parts);
    },
    { prefix: "/git" },
  );
  return server;
}

const writeGatewayError: FailureWriter = (reply, { code, message, hint }) =>
  reply.send({ error: { code, message, ...(hint === undefined ? {} : { hint }) } } satisfies GatewayError);

const writeAnthropicError: FailureWriter = (reply, failure) => {
  // The client would try a 409 again, and again.
  if (failure.code === "fenced") reply.header("x-should-retry", "false");
  return reply.send(anthropicError(failure));
};

const writeGitError: FailureWriter = (reply, failure) => {
  // git asks without credentials first and sends them once it is told to.
  if (failure.status === 401) reply.header("www-authenticate", 'Basic realm="Peerbot"');
  return reply.type("text/plain; charset=utf-8").send(`Peerbot: ${inWords(failure)}\n`);
};

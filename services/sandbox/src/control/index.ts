import type { FastifyInstance } from "fastify";
import type { ClaudeStandIn } from "../claude/index.ts";
import type { GcsStandIn } from "../gcs/index.ts";
import type { GitHubStandIn } from "../github/index.ts";
import { SlackFailure } from "../slack/slack-failure.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import * as api from "./api.ts";
import { createChangeLog } from "./change-log.ts";
import { ControlProblem, parseRequest } from "./control-problem.ts";
import { addFaultRoutes } from "./fault-routes.ts";
import { askSuggestions, clickAction, openHome, runCommand, stopSession } from "./interact.ts";
import { addOutsideRoutes } from "./outside-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { deleteMessage, editMessage, postMessage, react } from "./speak.ts";
import { addStreamRoute } from "./stream-route.ts";
import { clickInView, submitView } from "./use-view.ts";

const BODY_LIMIT = 120 * 1024 * 1024; // files travel in base64

/** The stand-ins this sandbox plays; Slack is always among them. */
export interface ControlledStandIns {
  slack: SlackStandIn;
  github?: GitHubStandIn;
  claude?: ClaudeStandIn;
  gcs?: GcsStandIn;
}

/** Adds the control API under `/sandbox`: what people do and see in the Slack stand-in, and what tests need besides. */
export async function registerControl(server: FastifyInstance, standIns: ControlledStandIns): Promise<void> {
  const { slack } = standIns;
  const changes = createChangeLog(slack);
  await server.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      route.bodyLimit = BODY_LIMIT;
    });
    scope.addHook("onClose", async () => changes[Symbol.dispose]());
    scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const isExpected = error instanceof ControlProblem || error instanceof SlackFailure;
      const status = isExpected ? 400 : (error.statusCode ?? 500);
      return reply.code(status).send({ ok: false, error: error.message });
    });
    addReadRoutes(scope, slack);
    addStreamRoute(scope, { slack, changes });
    addDeeds(scope, slack);
    addTestAids(scope, slack);
    addFaultRoutes(scope, standIns);
    addOutsideRoutes(scope, standIns);
  });
}

function addDeeds(scope: FastifyInstance, slack: SlackStandIn): void {
  scope.post("/sandbox/messages", ({ body }) => postMessage(parseRequest(api.PostMessage, body), slack));
  scope.post("/sandbox/edits", ({ body }) => editMessage(parseRequest(api.EditMessage, body), slack));
  scope.post("/sandbox/deletions", ({ body }) => deleteMessage(parseRequest(api.DeleteMessage, body), slack));
  scope.post("/sandbox/reactions", ({ body }) => react(parseRequest(api.React, body), slack));
  scope.post("/sandbox/actions", ({ body }) => clickAction(parseRequest(api.ClickAction, body), slack));
  scope.post("/sandbox/suggestions", ({ body }) => askSuggestions(parseRequest(api.AskSuggestions, body), slack));
  scope.post("/sandbox/session-stop", ({ body }) => stopSession(parseRequest(api.StopSession, body), slack));
  scope.post("/sandbox/commands", ({ body }) => runCommand(parseRequest(api.SlashCommand, body), slack));
  scope.post("/sandbox/home", ({ body }) => openHome(parseRequest(api.OpenHome, body), slack));
  scope.post("/sandbox/view-submissions", ({ body }) => submitView(parseRequest(api.SubmitView, body), slack));
  scope.post("/sandbox/view-actions", ({ body }) => clickInView(parseRequest(api.ClickInView, body), slack));
}

function addTestAids(scope: FastifyInstance, { sockets, verifyUrl }: SlackStandIn): void {
  scope.post("/sandbox/socket-disconnects", async ({ body }) => {
    const connections = sockets.connectionCount();
    sockets.disconnectAll(parseRequest(api.DisconnectSockets, body ?? {}).reason);
    return { ok: true, connections };
  });
  scope.post("/sandbox/url-verification", async (_request, reply) => {
    if (await verifyUrl()) return { ok: true };
    return reply.code(502).send({ ok: false, error: "the events address did not echo the challenge" });
  });
}

import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { errorBody } from "./error-body.ts";
import { createFaultQueue, type FailNext } from "./fault-queue.ts";
import { CountTokensRequest, estimateTokens, MessagesRequest } from "./messages-request.ts";
import { nextReply } from "./next-reply.ts";
import { playReply, refusalOf } from "./play-reply.ts";
import { readConversation } from "./read-conversation.ts";
import { createPlainWriter, createStreamWriter } from "./reply-writer.ts";

export type { FailNext } from "./fault-queue.ts";
export type { Fault } from "./step.ts";

/** One request to the model, as it came and was answered. */
export interface SeenRequest {
  /** Milliseconds since 1970. */
  at: number;
  model: string;
  /** Of the Peerbot session, found by its branch name anywhere in the request. */
  sessionKey: string | undefined;
  stream: boolean;
  keyOk: boolean;
  /** HTTP status of the answer; 200 for a stream that broke later. */
  status: number;
}

/** The stand-in's side door: what it saw, and how to make it fail. */
export interface ClaudeStandIn {
  readonly requests: readonly SeenRequest[];
  /** Makes the next requests fail, before any script is looked at. */
  failNext(failure: FailNext): void;
  /** What `failNext` asked for and no request has met. */
  faults: Pick<ReturnType<typeof createFaultQueue>, "pending" | "clear">;
  /** When the session's first request came, in milliseconds since 1970. */
  firstRequestAt(sessionKey: string): number | undefined;
}

/** A few minutes of a busy sandbox; older ones are forgotten. */
const REMEMBERED_REQUESTS = 10_000;
const BODY_LIMIT = 32 * 1024 * 1024; // as the API's own

/**
 * Serves the Messages API under `/anthropic`, played by a scripted model: no AI, only words that it looks for in what
 * people say (see `plan-steps.ts`) and a script language (see `script.ts`).
 */
export async function registerClaude(server: FastifyInstance, { apiKey }: { apiKey: string }): Promise<ClaudeStandIn> {
  const requests: SeenRequest[] = [];
  const faults = createFaultQueue();
  const happened = new Map<string, number>();

  const see = (request: Omit<SeenRequest, "at">): SeenRequest => {
    const seen = { at: Date.now(), ...request };
    requests.push(seen);
    if (requests.length > REMEMBERED_REQUESTS) requests.shift();
    return seen;
  };
  async function answerMessages(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const requestId = `req_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
    const body = JSON.stringify(request.body ?? null);
    const sessionKey = sessionKeyIn(body);
    const keyOk = hasKey(request, apiKey);
    const parsed = MessagesRequest.safeParse(request.body);
    const seen = see({
      model: parsed.data?.model ?? "",
      sessionKey,
      stream: parsed.data?.stream ?? false,
      keyOk,
      status: keyOk ? (parsed.success ? 200 : 400) : 401,
    });
    if (!keyOk) return sendError(reply, 401, requestId);
    if (!parsed.success) return sendError(reply, 400, requestId, z.prettifyError(parsed.error));
    const { model, messages, stream = false, tools = [] } = parsed.data;

    const injected = faults.take(sessionKey);
    if (injected?.kind === "status") {
      seen.status = injected.status;
      return sendError(reply, injected.status, requestId, undefined, injected.retryAfterSeconds);
    }
    const next = nextReply(readConversation(messages));
    // A model without tools answers in words: the probe of a model change, a title, a summary.
    const planned = tools.length === 0 ? next.steps.filter((step) => step.do !== "call") : next.steps;
    const steps = injected === undefined ? planned : [{ do: "fault", fault: injected, times: 1 } as const, ...planned];
    const place = `${request.headers["x-claude-code-session-id"] ?? fingerprintOf(messages)}:${messages.length}:${next.position}`;
    const isDue = (index: number) => {
      const step = steps[index];
      if (step?.do !== "fault") return false;
      const count = (happened.get(`${place}:${index}`) ?? 0) + 1;
      happened.set(`${place}:${index}`, count);
      return count <= step.times;
    };
    const refusal = refusalOf(steps, { body, isDue });
    if (refusal !== undefined) {
      seen.status = refusal.status;
      return sendError(reply, refusal.status, requestId, refusal.message, refusal.retryAfterSeconds);
    }
    reply.hijack();
    const head = { model, requestId, inputTokens: estimateTokens(body) };
    const writer = (stream ? createStreamWriter : createPlainWriter)(reply.raw, head);
    await playReply(steps, { writer, isDue, cut: () => reply.raw.destroy() });
    return reply;
  }

  await server.register(
    async (scope) => {
      scope.post("/v1/messages", { bodyLimit: BODY_LIMIT }, answerMessages);
      scope.post("/v1/messages/count_tokens", { bodyLimit: BODY_LIMIT }, async (request, reply) => {
        const requestId = `req_${randomUUID()}`;
        if (!hasKey(request, apiKey)) return sendError(reply, 401, requestId);
        const parsed = CountTokensRequest.safeParse(request.body);
        if (!parsed.success) return sendError(reply, 400, requestId, z.prettifyError(parsed.error));
        return { input_tokens: estimateTokens(parsed.data) };
      });
      scope.route({ method: "HEAD", url: "/api/hello", handler: async (_request, reply) => reply.code(200).send() });
      scope.setNotFoundHandler((_request, reply) => sendError(reply, 404, `req_${randomUUID()}`));
      scope.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
        sendError(reply, error.statusCode ?? 500, `req_${randomUUID()}`, error.message),
      );
    },
    { prefix: "/anthropic" },
  );

  return {
    requests,
    failNext: (failure) => faults.add(failure),
    faults,
    firstRequestAt: (sessionKey) => requests.find((request) => request.sessionKey === sessionKey)?.at,
  };
}

/** For clients that name no session: the same history is the same place in the play. */
function fingerprintOf(messages: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(messages)).digest("hex");
}

function sessionKeyIn(body: string): string | undefined {
  return /claude\/session-([a-z0-9-]+)/.exec(body)?.[1];
}

/** The Agent SDK sends `x-api-key`, the plain SDK a bearer token. */
function hasKey(request: FastifyRequest, apiKey: string): boolean {
  return request.headers["x-api-key"] === apiKey || request.headers.authorization === `Bearer ${apiKey}`;
}

function sendError(
  reply: FastifyReply,
  status: number,
  requestId: string,
  message?: string,
  retryAfterSeconds?: number,
): FastifyReply {
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  return reply
    .code(status)
    .header("request-id", requestId)
    .send(errorBody(status, requestId, message));
}

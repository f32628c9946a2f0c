import { setTimeout as wait } from "node:timers/promises";
import formbody from "@fastify/formbody";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Fault, Faults } from "./faults.ts";
import type { Ledger } from "./ledger.ts";
import type { Answer, SlackMethod } from "./method.ts";
import { METHODS } from "./methods/index.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { SlackServices } from "./services.ts";
import { SlackFailure } from "./slack-failure.ts";

export interface WebApiOptions {
  services: SlackServices;
  ledger: Ledger;
  faults: Faults;
  rateLimits: RateLimits;
  botToken: string;
  appToken: string;
  /** Milliseconds each call takes at least. */
  latencyMs: number;
}

interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Answer;
}

/** `POST` or `GET /slack/api/{method}`. */
export async function addWebApi(scope: FastifyInstance, options: WebApiOptions): Promise<void> {
  const { faults, latencyMs } = options;
  await scope.register(formbody, { bodyLimit: 4 * 1024 * 1024 });
  const hanging = new Set<FastifyReply>();
  scope.addHook("preClose", async () => {
    for (const reply of hanging) reply.raw.destroy();
  });

  scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode === 400) return reply.code(200).send({ ok: false, error: "invalid_json" });
    if (error.statusCode === 415) return reply.code(200).send({ ok: false, error: "invalid_post_type" });
    throw error;
  });

  scope.route<{ Params: { method: string } }>({
    method: ["GET", "POST"],
    url: "/slack/api/:method",
    async handler(request, reply) {
      const { method: name } = request.params;
      const { token, args } = argumentsOf(request);
      if (latencyMs > 0) await wait(latencyMs);
      const fault = faults.take(name);
      if (fault?.kind === "timeout" || fault?.kind === "disconnect") {
        record(options, { name, args, answer: { status: 0, headers: {}, body: {} } });
        return fault.kind === "timeout" ? hang(reply, hanging) : cut(reply);
      }
      const hasEffect = fault === undefined || fault.kind === "500-after-effect";
      const real = hasEffect ? await answerCall(name, token, args, options) : undefined;
      const answer = fault === undefined ? (real ?? serverError()) : faultAnswer(fault);
      record(options, { name, args, answer });
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}

async function answerCall(
  name: string,
  token: string | undefined,
  args: Record<string, unknown>,
  { services, rateLimits, botToken, appToken }: WebApiOptions,
): Promise<HttpAnswer> {
  try {
    const method = METHODS.get(name);
    if (method === undefined) throw new SlackFailure("unknown_method", { req_method: name });
    checkToken(method, token, { botToken, appToken });
    const channel = typeof args.channel === "string" ? args.channel : null;
    const now = services.workspace.now();
    const waitSeconds = rateLimits.take({ method: name, limit: method.limit, channel, now });
    if (waitSeconds !== null) return tooMany(waitSeconds);
    return ok({ ok: true, ...(await method.call(args, services)) });
  } catch (error) {
    if (!(error instanceof SlackFailure)) throw error;
    return ok({ ok: false, error: error.code, ...error.details });
  }
}

/** @throws SlackFailure not_authed, invalid_auth, not_allowed_token_type */
function checkToken(
  method: SlackMethod,
  token: string | undefined,
  known: { botToken: string; appToken: string },
): void {
  if (method.token === "none") return;
  if (token === undefined) throw new SlackFailure("not_authed");
  if (token !== known.botToken && token !== known.appToken) throw new SlackFailure("invalid_auth");
  const wanted = method.token === "app" ? known.appToken : known.botToken;
  if (token !== wanted) throw new SlackFailure("not_allowed_token_type");
}

/** The token comes as a bearer, or among the arguments; it is never recorded. */
function argumentsOf(request: FastifyRequest): { token: string | undefined; args: Record<string, unknown> } {
  const query = (request.query ?? {}) as Record<string, unknown>;
  const body = (typeof request.body === "object" && request.body !== null ? request.body : {}) as Record<
    string,
    unknown
  >;
  const { token, ...args } = { ...query, ...body };
  return { token: bearerOf(request) ?? (typeof token === "string" ? token : undefined), args };
}

export function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

function record(
  { ledger, services: { workspace } }: WebApiOptions,
  { name, args, answer }: { name: string; args: Record<string, unknown>; answer: HttpAnswer },
): void {
  const channel = textOf(args.channel) ?? textOf(args.channel_id);
  const ts = textOf(args.ts) ?? textOf(args.message_ts) ?? textOf(args.timestamp);
  const target = channel !== null && ts !== null ? workspace.message(channel, ts) : undefined;
  ledger.recordCall({
    method: name,
    at: workspace.now(),
    args: decodeNested(args),
    httpStatus: answer.status,
    response: answer.body,
    channel,
    threadTs: textOf(args.thread_ts) ?? target?.threadTs ?? ts,
  });
}

/** Forms carry nested values as JSON text; the ledger shows what was meant. */
function decodeNested(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, decode(value)]));
}

function decode(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function ok(body: Answer): HttpAnswer {
  return { status: 200, headers: {}, body };
}

function tooMany(seconds: number): HttpAnswer {
  return { status: 429, headers: { "retry-after": String(seconds) }, body: { ok: false, error: "ratelimited" } };
}

function serverError(): HttpAnswer {
  return { status: 500, headers: {}, body: { ok: false, error: "internal_error" } };
}

function faultAnswer(fault: Fault): HttpAnswer {
  if (fault.kind === "error") return ok({ ok: false, error: fault.error ?? "internal_error" });
  if (fault.kind === "429") return tooMany(fault.retryAfterSeconds);
  if (fault.kind === "429-without-header") return { ...tooMany(0), headers: {} };
  return serverError();
}

/** Keeps the client waiting until it gives up or the server closes. */
function hang(reply: FastifyReply, hanging: Set<FastifyReply>): FastifyReply {
  reply.hijack();
  hanging.add(reply);
  reply.raw.once("close", () => hanging.delete(reply));
  return reply;
}

function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

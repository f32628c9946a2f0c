import { pipeline, Readable, Transform } from "node:stream";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Dispatcher } from "undici";
import { claimsOf, refuseFenced } from "../authenticate.ts";
import { connectionClosed } from "../connection-closed.ts";
import { type FenceWatchPorts, fenceWatch } from "../fence-watch.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { bodyOf, bounded } from "../request-body.ts";
import type { ClaudeApi } from "./claude-api.ts";
import { headersToApi, headersToWorker } from "./forwarded-headers.ts";
import { type ModelUsage, usageReaderFor } from "./usage-reader.ts";

/** The Claude API's own limit for one request. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

export interface ModelProxyPorts extends FenceWatchPorts {
  runs: Pick<SessionRuns, "check" | "reportOnce">;
  claude: ClaudeApi;
  metrics: GatewayMetrics;
}

/** /anthropic/*: the few addresses of the Claude API an agent needs, with our key in place of the worker's token. */
export function addModelRoutes(scope: FastifyInstance, ports: ModelProxyPorts): void {
  const onRequest = refuseFenced(ports.runs);
  // Bodies pass through as they come.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

  scope.post("/v1/messages", { onRequest }, async (request, reply) => {
    const { sessionKey, epoch } = claimsOf(request);
    await ports.runs.reportOnce(sessionKey, epoch, { type: "model-requested" });
    return forward(ports, request, reply);
  });
  scope.post("/v1/messages/count_tokens", { onRequest }, (request, reply) => forward(ports, request, reply));
  scope.route({
    method: ["GET", "HEAD"],
    url: "/api/hello",
    onRequest,
    handler: (request, reply) => forward(ports, request, reply),
  });
}

async function forward(ports: ModelProxyPorts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const over = connectionClosed(reply.raw);
  const cut = fenceWatch(ports, claimsOf(request), { until: over, route: routeOf(request) });
  const answer = await call(ports, request, AbortSignal.any([over, cut]));
  ports.metrics.modelRequests.inc({ status: String(answer.statusCode) });
  if (answer.statusCode === 401 || answer.statusCode === 403) {
    ports.log.modelKeyRefused(claimsOf(request), answer.statusCode, answer.headers["request-id"]);
  }
  reply.code(answer.statusCode).headers(headersToWorker(answer.headers));
  return reply.send(metered(answer, ports.metrics));
}

/** The address that was matched. The one that was sent may be spelled in many ways, a host or another path in front of it. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? "";
}

function queryOf(request: FastifyRequest): string {
  return /\?[^#]*/.exec(request.url)?.[0] ?? "";
}

async function call({ claude, metrics }: ModelProxyPorts, request: FastifyRequest, signal: AbortSignal) {
  const isPost = request.method === "POST";
  try {
    return await claude.call({
      method: isPost ? "POST" : request.method === "HEAD" ? "HEAD" : "GET",
      path: `${routeOf(request).slice("/anthropic".length)}${queryOf(request)}`,
      headers: headersToApi(request.headers),
      body: isPost ? Readable.from(bounded(bodyOf(request), MAX_REQUEST_BYTES)) : undefined,
      signal,
    });
  } catch (error) {
    metrics.modelRequests.inc({ status: signal.aborted ? "cut" : "unreachable" });
    throw error;
  }
}

/** The answer's body, counted once it is over, be it that it ended or that it broke off: tokens used are tokens used. */
function metered(answer: Dispatcher.ResponseData, metrics: GatewayMetrics): Transform {
  const reader = usageReaderFor(String(answer.headers["content-type"] ?? ""));
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Passed on first: counting must not delay the stream.
      this.push(chunk);
      reader?.read(chunk);
      done();
    },
  });
  pipeline(answer.body, tap, () => {
    const usage = reader?.usage();
    if (usage !== undefined) count(metrics, usage);
  });
  return tap;
}

function count(metrics: GatewayMetrics, { model: name, ...byDirection }: ModelUsage): void {
  const model = metrics.modelLabel(name);
  const { input, output, cacheRead, cacheWrite } = byDirection;
  metrics.modelTokens.inc({ model, direction: "input" }, input);
  metrics.modelTokens.inc({ model, direction: "output" }, output);
  metrics.modelTokens.inc({ model, direction: "cache-read" }, cacheRead);
  metrics.modelTokens.inc({ model, direction: "cache-write" }, cacheWrite);
}

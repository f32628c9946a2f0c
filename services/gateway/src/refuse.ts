import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { BusinessEvents } from "./business-events.ts";
import { GatewayFailure } from "./gateway-failure.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { type ToldFailure, toldFailure } from "./told-failure.ts";

export interface RefusalPorts {
  metrics: GatewayMetrics;
  log: BusinessEvents;
  isRedisAway: () => boolean;
}

/** Writes a failure the way the callers of one scope read it. */
export type FailureWriter = (reply: FastifyReply, failure: ToldFailure) => FastifyReply;

/** Makes the scope answer everything thrown in it, and unknown addresses, through one writer. Logs what is not the caller's doing. */
export function answerFailures(
  scope: FastifyInstance,
  { metrics, log, isRedisAway }: RefusalPorts,
  write: FailureWriter,
) {
  function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const failure = toldFailure(error, { isRedisAway: isRedisAway() });
    const route = request.routeOptions.url ?? "unknown";
    if (failure.code === "fenced") metrics.fenced.inc({ route });
    if (failure.blame !== "caller") log.callFailed(route, failure, error);
    // Of such a request more may be on the way than anybody wants to read.
    if (failure.status === 413) reply.header("connection", "close");
    if (failure.retryAfterSeconds !== undefined) reply.header("retry-after", failure.retryAfterSeconds);
    return write(reply.code(failure.status), failure);
  }

  scope.setErrorHandler(answer);
  scope.setNotFoundHandler((request, reply) => answer(notFound(request), request, reply));
}

function notFound(request: FastifyRequest): GatewayFailure {
  return new GatewayFailure(404, `there is no ${request.method} ${request.url.split("?")[0]} here`, {
    code: "not-found",
  });
}

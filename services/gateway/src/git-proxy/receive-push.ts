import { Readable } from "node:stream";
import { AppError, faultPoint } from "@peerbot/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import { claimsOf, type PreparedRun, refuseFenced } from "../authenticate.ts";
import { connectionClosed } from "../connection-closed.ts";
import { fenceWatch } from "../fence-watch.ts";
import { GatewayFailure } from "../gateway-failure.ts";
import { inWords, toldFailure } from "../told-failure.ts";
import { counted } from "./counted.ts";
import type { GitProxyPorts } from "./git-proxy-ports.ts";
import { objectionTo } from "./judge-push.ts";
import { type OpenedPush, openPush } from "./push-body.ts";
import type { PushRequest } from "./push-request.ts";
import { canBeReported, refusalReport } from "./report-status.ts";
import { withLastLook } from "./with-last-look.ts";
import { worksiteOf } from "./worksite.ts";

const RESULT_TYPE = "application/x-git-receive-pack-result";

/**
 * Takes a push: nothing of it reaches the host before its list of refs has been read and judged. A refusal is told in
 * git's own report, because git shows its user no text of an HTTP error here.
 */
export async function receivePush(ports: GitProxyPorts, request: FastifyRequest, reply: FastifyReply) {
  const run = await worksiteOf(ports.runs, request);
  const opened = await openPush(request, { maxBytes: ports.pushMaxBytes });
  // Before a large push git asks with an empty one whether it may send.
  if (opened.push.updates.length === 0 && !opened.push.isSigned) {
    await opened.drain();
    return reply.type(RESULT_TYPE).send(Buffer.alloc(0));
  }
  try {
    return await counted(ports.metrics, "push", () => judgeAndForward(ports, run, opened, request, reply));
  } catch (error) {
    if (!isForReport(error)) throw error;
    await opened.drain();
    // As an HTTP error it tells the worker that the same push may succeed later.
    if (error.retryable) throw error;
    ports.log.pushRefused(claimsOf(request), error);
    return report(reply, opened.push, inWords(toldFailure(error, { isRedisAway: false })));
  }
}

async function judgeAndForward(
  { runs, activity, upstream, log }: GitProxyPorts,
  { repository, branch }: PreparedRun,
  { push, content }: OpenedPush,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const objection = objectionTo(push, branch);
  if (objection !== undefined) throw new GatewayFailure(403, objection, { code: "push-refused" });
  const claims = claimsOf(request);
  const refuseIfFenced = () => refuseFenced(runs)(request);
  await refuseIfFenced();
  const over = connectionClosed(reply.raw);
  const cut = fenceWatch({ runs, activity, log }, claims, { until: over, route: request.routeOptions.url ?? "" });
  await faultPoint("gateway.before-push");
  const answer = await upstream.call({
    repository,
    method: "POST",
    path: "/git-receive-pack",
    headers: { ...request.headers, "content-encoding": undefined },
    body: Readable.from(withLastLook(content, refuseIfFenced)),
    signal: AbortSignal.any([over, cut]),
  });
  await faultPoint("gateway.after-push-forwarded");
  log.pushForwarded(claims, branch);
  return reply.headers(answer.headers).send(answer.body);
}

/** A worker whose run is over must hear that as such, and nobody reads a report after hanging up. */
function isForReport(error: unknown): error is AppError {
  return error instanceof AppError && error.code !== "fenced" && error.code !== "caller-gone";
}

function report(reply: FastifyReply, push: PushRequest, reason: string) {
  if (!canBeReported(push)) return reply.code(403).type("text/plain; charset=utf-8").send(`${reason}\n`);
  return reply.header("cache-control", "no-cache").type(RESULT_TYPE).send(refusalReport(push, reason));
}

import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { connectionClosed } from "../connection-closed.ts";
import { GatewayFailure } from "../gateway-failure.ts";
import { bodyOf, bounded } from "../request-body.ts";
import { counted } from "./counted.ts";
import type { GitProxyPorts } from "./git-proxy-ports.ts";
import { receivePush } from "./receive-push.ts";
import { worksiteOf } from "./worksite.ts";

const REPOSITORY = "/:owner/:repository";
const SERVICES = ["git-upload-pack", "git-receive-pack"];
/** What a client says it has and wants: far less, even after many rounds. */
const MAX_FETCH_REQUEST_BYTES = 16 * 1024 * 1024;

/** /git/*: the smart HTTP protocol for the run's own repository; pushes change the session's branch only. */
export function addGitRoutes(scope: FastifyInstance, ports: GitProxyPorts): void {
  // Bodies pass through as they come.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

  scope.get(`${REPOSITORY}/info/refs`, (request, reply) =>
    counted(ports.metrics, "refs", () => listRefs(ports, request, reply)),
  );
  scope.post(`${REPOSITORY}/git-upload-pack`, (request, reply) =>
    counted(ports.metrics, "fetch", () => fetchPack(ports, request, reply)),
  );
  scope.post(`${REPOSITORY}/git-receive-pack`, (request, reply) => receivePush(ports, request, reply));
}

async function listRefs({ runs, upstream, abilities }: GitProxyPorts, request: FastifyRequest, reply: FastifyReply) {
  const { repository } = await worksiteOf(runs, request);
  const service = new URLSearchParams(request.url.split("?")[1]).get("service") ?? "";
  if (!SERVICES.includes(service)) {
    throw new GatewayFailure(403, "only git's smart HTTP protocol is spoken here", { code: "bad-request" });
  }
  const isFetchOfProtocol2 = service === "git-upload-pack" && request.headers["git-protocol"] === "version=2";
  const known = isFetchOfProtocol2 ? await abilities.of(repository) : undefined;
  if (known !== undefined) return reply.headers(known.headers).send(known.body);
  const answer = await upstream.call({
    repository,
    method: "GET",
    path: `/info/refs?service=${service}`,
    headers: request.headers,
    body: undefined,
    signal: connectionClosed(reply.raw),
  });
  return reply.headers(answer.headers).send(answer.body);
}

async function fetchPack({ runs, upstream }: GitProxyPorts, request: FastifyRequest, reply: FastifyReply) {
  const { repository } = await worksiteOf(runs, request);
  const answer = await upstream.call({
    repository,
    method: "POST",
    path: "/git-upload-pack",
    headers: request.headers,
    body: Readable.from(bounded(bodyOf(request), MAX_FETCH_REQUEST_BYTES)),
    signal: connectionClosed(reply.raw),
  });
  return reply.headers(answer.headers).send(answer.body);
}

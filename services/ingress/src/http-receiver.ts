import { faultPoint, portOf } from "@peerbot/runtime";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Deliver, NOT_A_DELIVERY } from "./deliver.ts";
import type { Outcome } from "./delivery.ts";
import { HttpRefusal } from "./http-refusal.ts";
import type { IngressReceiver } from "./ingress-receiver.ts";
import { isSslCheck, parseBody } from "./parse-body.ts";
import { verifyRequest } from "./verify-request.ts";

export interface HttpReceiverOptions {
  host: string;
  port: number;
  signingSecret: string;
  deliver: Deliver;
  /** Told about each request that did not prove to be Slack's. */
  onUnverified: (reason: "unsigned" | "forged" | "stale") => void;
}

/** Slack's own payloads stay far below; what is larger is not Slack's. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/** Receives Slack's requests over HTTP and answers 200 only after the delivery is durable; 503 makes Slack send it again. */
export function createHttpReceiver(options: HttpReceiverOptions): IngressReceiver {
  const server = Fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: 10_000 });
  server.setErrorHandler((error, _request, reply) => answerRefusal(reply, refusalOf(error)));
  server.setNotFoundHandler((_request, reply) =>
    answerRefusal(reply, new HttpRefusal(404, "not-found", "Slack posts to /slack/events and /slack/interactive.")),
  );
  // Registered as a plugin of its own: the raw-body parser is for these routes alone.
  void server.register(async (slack) => addSlackRoutes(slack, options));
  return {
    init: () => {},
    start: async () => void (await server.listen({ host: options.host, port: options.port })),
    stop: () => closeGently(server),
    get port() {
      return portOf(server);
    },
    checkReady: () => {},
    failed: new Promise(() => {}),
  };
}

async function closeGently(server: FastifyInstance): Promise<void> {
  // Closing ends the connections that are idle then; one that becomes idle later would be kept for its next request.
  const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
  try {
    await server.close();
  } finally {
    clearInterval(sweep);
  }
}

function addSlackRoutes(slack: FastifyInstance, options: HttpReceiverOptions): void {
  slack.removeAllContentTypeParsers();
  slack.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const receive = (request: FastifyRequest, reply: FastifyReply) => receiveRequest(options, request, reply);
  slack.post("/slack/events", receive);
  slack.post("/slack/interactive", receive);
}

async function receiveRequest(options: HttpReceiverOptions, request: FastifyRequest, reply: FastifyReply) {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const contentType = request.headers["content-type"];
  if (isSslCheck(contentType, rawBody)) return reply.send();
  assertFromSlack(options, request, rawBody);
  const body = parseBody(contentType, rawBody);
  if (body.type === "url_verification") return reply.send({ challenge: String(body.challenge) });
  const outcome = await options.deliver(body, headerOf(request, "x-slack-retry-num"));
  const refusal = refusalIn(outcome);
  if (refusal !== undefined) throw refusal;
  await faultPoint("ingress.before-ack");
  return reply.send();
}

const UNVERIFIED = {
  unsigned: "The headers x-slack-signature and x-slack-request-timestamp are missing or unreadable.",
  forged: "The signature does not fit the body. Does SLACK_SIGNING_SECRET belong to this Slack app?",
  stale: "The request is dated more than 5 minutes from now. If it is not a replay, check this machine's clock.",
};

function assertFromSlack(options: HttpReceiverOptions, request: FastifyRequest, rawBody: Buffer): void {
  const verdict = verifyRequest({
    signingSecret: options.signingSecret,
    timestamp: headerOf(request, "x-slack-request-timestamp"),
    signature: headerOf(request, "x-slack-signature"),
    rawBody,
    now: Date.now(),
  });
  if (verdict === "authentic") return;
  options.onUnverified(verdict);
  throw new HttpRefusal(401, `signature-${verdict}`, UNVERIFIED[verdict]);
}

function refusalIn({ reason }: Outcome): HttpRefusal | undefined {
  if (reason === "unknown-team") {
    const message = "This Peerbot is not installed in that workspace.";
    return new HttpRefusal(403, reason, message, { isFinal: true });
  }
  if (reason === NOT_A_DELIVERY) {
    return new HttpRefusal(400, reason, "The body is neither an event nor an interaction.", { isFinal: true });
  }
  return undefined;
}

/** What is not a refusal of ours or the HTTP parser's was a delivery that could not be stored. */
function refusalOf(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 503;
  if (status === 413) return new HttpRefusal(413, "body-too-large", "The body is larger than 1 MB.");
  if (status >= 400 && status < 500) return new HttpRefusal(status, "bad-request", "The request could not be read.");
  return new HttpRefusal(503, "not-stored", "The delivery could not be stored now; please send it again.");
}

function answerRefusal(reply: FastifyReply, { status, code, message, isFinal }: HttpRefusal) {
  if (isFinal) void reply.header("x-slack-no-retry", "1");
  return reply.code(status).send({ error: code, message });
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

import { ExchangeRequest, type ExchangeResponse, signRunToken, verifyRunToken } from "@peerbot/contracts";
import { faultPoint, type Secret } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { liveRunOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { fenced, GatewayFailure, outOfScope } from "../gateway-failure.ts";

/** A worker killed at its deadline may still be saving; after this its tokens are worth nothing. */
const MS_AFTER_DEADLINE = 5 * 60_000;

export interface ExchangePorts {
  runs: SessionRuns;
  tokenSecret: Secret;
  log: BusinessEvents;
}

/** POST /v1/exchange: the start token, once, for the tokens the run works with. */
export function addExchangeRoute(scope: FastifyInstance, { runs, tokenSecret, log }: ExchangePorts): void {
  scope.post("/exchange", async (request): Promise<ExchangeResponse> => {
    const { startToken } = ExchangeRequest.parse(request.body);
    const secret = tokenSecret.reveal();
    const { kind, sessionKey, epoch } = await verifyRunToken(startToken, { secret });
    if (kind !== "start") throw outOfScope();
    const claim = await runs.claim(sessionKey, epoch);
    await faultPoint("gateway.after-claim");
    if (claim === "fenced") throw fenced();
    if (claim === "already-claimed") throw startTokenUsed();
    const run = await liveRunOf(runs, { kind, sessionKey, epoch });
    const expiresAt = run.deadlineAt + MS_AFTER_DEADLINE;
    const sign = (of: "run" | "git" | "model") => signRunToken({ kind: of, sessionKey, epoch }, { secret, expiresAt });
    const [runToken, gitToken, modelToken] = await Promise.all([sign("run"), sign("git"), sign("model")]);
    log.workerArrived({ sessionKey, epoch });
    return { runToken, gitToken, modelToken };
  });
}

function startTokenUsed(): GatewayFailure {
  return new GatewayFailure(409, "this start token has been used: another worker has the run", {
    code: "start-token-used",
  });
}

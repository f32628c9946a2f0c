import { ExchangeRequest, type ExchangeResponse, verifyRunToken } from "@peerbot/contracts";
import { faultPoint, type Secret } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { liveRunOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { fenced, outOfScope, startTokenUsed } from "../gateway-failure.ts";
import { issueTokens } from "../issue-tokens.ts";

export interface ExchangePorts {
  runs: SessionRuns;
  tokenSecret: Secret;
  log: BusinessEvents;
}

/** POST /v1/exchange: the start token, once, for the tokens the run works with. */
export function addExchangeRoute(scope: FastifyInstance, { runs, tokenSecret, log }: ExchangePorts): void {
  scope.post("/exchange", async (request): Promise<ExchangeResponse> => {
    const { startToken } = ExchangeRequest.parse(request.body);
    const { kind, sessionKey, epoch } = await verifyRunToken(startToken, { secret: tokenSecret.reveal() });
    if (kind !== "start") throw outOfScope();
    const claim = await runs.claim(sessionKey, epoch);
    await faultPoint("gateway.after-claim");
    if (claim === "fenced") throw fenced();
    if (claim === "already-claimed") throw startTokenUsed();
    const tokens = await issueTokens(await liveRunOf(runs, { sessionKey, epoch }), tokenSecret);
    log.workerArrived({ sessionKey, epoch });
    return tokens;
  });
}

import { ExchangeRequest, type ExchangeResponse, verifyRunToken } from "@peerbot/contracts";
import { faultPoint, type Secret } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { liveRunOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { fenced, outOfScope, startTokenUsed } from "../gateway-failure.ts";
import type { Abilities } from "../git-proxy/abilities.ts";
import { issueTokens } from "../issue-tokens.ts";

export interface ExchangePorts {
  runs: SessionRuns;
  tokenSecret: Secret;
  abilities: Pick<Abilities, "lookAhead">;
  log: BusinessEvents;
}

/** POST /v1/exchange: the start token, once, for the tokens the run works with. */
export function addExchangeRoute(scope: FastifyInstance, { runs, tokenSecret, abilities, log }: ExchangePorts): void {
  scope.post("/exchange", async (request): Promise<ExchangeResponse> => {
    const { startToken, claimant } = ExchangeRequest.parse(request.body);
    const { kind, sessionKey, epoch } = await verifyRunToken(startToken, { secret: tokenSecret.reveal() });
    if (kind !== "start") throw outOfScope();
    const claim = await runs.claim(sessionKey, epoch, claimant);
    await faultPoint("gateway.after-claim");
    if (claim === "fenced") throw fenced();
    if (claim === "already-claimed") throw startTokenUsed();
    const run = await liveRunOf(runs, { sessionKey, epoch });
    if (run.repository !== undefined) abilities.lookAhead(run.repository);
    const tokens = await issueTokens(run, tokenSecret);
    log.workerArrived({ sessionKey, epoch });
    return tokens;
  });
}

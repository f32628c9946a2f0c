import { FinishRequest, type FinishResponse } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { claimsOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { fenced } from "../gateway-failure.ts";

export interface FinishPorts {
  runs: Pick<SessionRuns, "finish">;
  log: BusinessEvents;
}

/** POST /v1/finish: ends the run in the worker's words. A repeated call gets the same answer, so it may be retried. */
export function addFinishRoute(scope: FastifyInstance, { runs, log }: FinishPorts): void {
  scope.post("/finish", async (request): Promise<FinishResponse> => {
    const claims = claimsOf(request);
    const finish = FinishRequest.parse(request.body);
    await faultPoint("gateway.before-finish");
    const status = await runs.finish(claims.sessionKey, claims.epoch, finish);
    await faultPoint("gateway.after-finish");
    if (status === "fenced") throw fenced();
    if (status === "finished") log.runFinished(claims, finish.event.outcome);
    return { status };
  });
}

import { EventBatch, type EventBatchResult } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { claimsOf } from "../authenticate.ts";
import { fenced } from "../gateway-failure.ts";
import type { GatewayMetrics } from "../metrics.ts";

export interface EventsPorts {
  runs: Pick<SessionRuns, "report">;
  metrics: GatewayMetrics;
}

/** POST /v1/events: what the run did, each numbered event stored once however often it is sent. */
export function addEventsRoute(scope: FastifyInstance, { runs, metrics }: EventsPorts): void {
  scope.post("/events", async (request): Promise<z.infer<typeof EventBatchResult>> => {
    const { sessionKey, epoch } = claimsOf(request);
    const { events } = EventBatch.parse(request.body);
    const result = await runs.report(sessionKey, epoch, events);
    await faultPoint("gateway.after-events-append");
    if (result === "fenced") throw fenced();
    metrics.events.inc(events.length);
    return result;
  });
}

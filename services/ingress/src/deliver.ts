import { z } from "zod";
import { type IngressApp, passThroughBolt, type Receipt } from "./bolt-app.ts";
import type { BusinessEvents, DeliveryFacts } from "./business-events.ts";
import type { Outcome } from "./delivery.ts";
import type { IngressMetrics } from "./metrics.ts";

/** Deals with one delivery and counts it. @throws when it could not be made durable, so Slack has to send it again. */
export type Deliver = (body: unknown, retry: string | undefined) => Promise<Outcome>;

/** What Bolt can route without stumbling: an event or an interaction, from somebody. */
const Routable = z.union([
  z.looseObject({ type: z.literal("event_callback"), team_id: z.string(), event: z.looseObject({ type: z.string() }) }),
  z.looseObject({ type: z.string(), user: z.looseObject({ id: z.string() }), team: z.looseObject({}).nullish() }),
  z.looseObject({ command: z.string(), team_id: z.string() }),
]);

/** Slack says that it drops events: we got more than 30,000 within an hour. */
const RateLimited = z.object({ type: z.literal("app_rate_limited") });

export function createDeliver(options: { app: IngressApp; metrics: IngressMetrics; log: BusinessEvents }): Deliver {
  const { app, metrics, log } = options;
  return async (body, retry) => {
    const startedAt = performance.now();
    const receipt: Receipt = {};
    const passed = () => performance.now() - startedAt;
    try {
      const outcome = await route(app, body, receipt, log);
      const facts = factsOf(receipt, retry);
      metrics.deliveries.inc({ type: facts.type, result: outcome.result });
      log.delivered(facts, outcome, passed());
      return outcome;
    } catch (error) {
      const facts = factsOf(receipt, retry);
      metrics.deliveries.inc({ type: facts.type, result: "failed" });
      log.deliveryFailed(facts, error, passed());
      throw error;
    } finally {
      metrics.ingestSeconds.observe(passed() / 1000);
    }
  };
}

async function route(app: IngressApp, body: unknown, receipt: Receipt, log: BusinessEvents): Promise<Outcome> {
  if (RateLimited.safeParse(body).success) {
    log.rateLimitedBySlack();
    return { result: "ignored", reason: "app-rate-limited" };
  }
  const routable = Routable.safeParse(body);
  if (!routable.success) return { result: "refused", reason: NOT_A_DELIVERY };
  return passThroughBolt(app, routable.data, receipt);
}

export const NOT_A_DELIVERY = "not-a-delivery";

function factsOf({ reading }: Receipt, retry: string | undefined): DeliveryFacts {
  const { type = "unread", eventId, delivery } = reading ?? {};
  return { type, eventId, id: delivery?.id, user: delivery?.user, channel: delivery?.thread.channel, retry };
}

import { type Logger, messageOf } from "@peerbot/runtime";
import type { BotIdentity } from "./bot-identity.ts";
import type { Delivery, Outcome } from "./delivery.ts";

export type BusinessEvents = ReturnType<typeof createBusinessEvents>;

/** A delivery in words fit for a log: who, where and which, never what was said. */
export interface DeliveryFacts {
  type: string;
  eventId?: string | undefined;
  id?: string | undefined;
  user?: string | undefined;
  channel?: string | undefined;
  retry?: string | undefined;
}

/** Not the error itself: Redis' errors carry the whole command, and with it what somebody wrote. */
function failureIn(error: unknown) {
  return { reason: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
}

/** Every line the ingress logs, one function each. */
export function createBusinessEvents(logger: Logger) {
  return {
    started: (ports: { port: number | undefined; internalPort: number }, mode: string) =>
      logger.info({ ...ports, mode }, "ingress-started"),
    stopping: () => logger.info("ingress-stopping"),
    identified: ({ team, botUserId }: BotIdentity) => logger.info({ team, botUserId }, "slack-identified"),
    notIdentified: (error: unknown, nextTryMs: number) =>
      logger.warn({ reason: messageOf(error), nextTryMs }, "slack-not-answering"),
    delivered: (facts: DeliveryFacts, outcome: Outcome, durationMs: number) => {
      const fields = { ...facts, ...outcome, durationMs: Math.round(durationMs) };
      if (outcome.reason?.startsWith("unreadable")) logger.warn(fields, "slack-delivery");
      else if (outcome.result === "ignored") logger.debug(fields, "slack-delivery");
      else logger.info(fields, "slack-delivery");
    },
    deliveryFailed: (facts: DeliveryFacts, error: unknown, durationMs: number) =>
      logger.error(
        { ...facts, ...failureIn(error), result: "failed", durationMs: Math.round(durationMs) },
        "slack-delivery",
      ),
    unverified: (reason: string) => logger.warn({ reason }, "slack-request-unverified"),
    rateLimitedBySlack: () => logger.error("slack-drops-events"),
    threadLookedUp: ({ id, thread }: Delivery, result: string) =>
      logger.info({ id, channel: thread.channel, result }, "thread-looked-up"),
    threadLookupFailed: (job: string | undefined, error: unknown) =>
      logger.warn({ job, ...failureIn(error) }, "thread-lookup-failed"),
    queueTrouble: (error: unknown) => logger.error(failureIn(error), "queue-error"),
    socketConnected: () => logger.info("slack-socket-connected"),
    socketEnded: (nextTryMs: number) => logger.info({ nextTryMs }, "slack-socket-ended"),
    socketFailed: (error: unknown, nextTryMs: number) =>
      logger.warn({ reason: messageOf(error), nextTryMs }, "slack-socket-failed"),
    socketRefused: (error: unknown) => logger.fatal({ reason: messageOf(error) }, "slack-socket-refused"),
    frameUnreadable: (error: unknown) => logger.error({ reason: messageOf(error) }, "slack-socket-frame-unreadable"),
    acknowledgementLost: (error: unknown) => logger.warn({ reason: messageOf(error) }, "slack-acknowledgement-lost"),
  };
}

import { sessionKeyOf } from "@peerbot/contracts";
import { backoffMs, queuePrefix } from "@peerbot/session-queue";
import { type Pacer, slackFailureOf } from "@peerbot/slack";
import type { WebClient } from "@slack/web-api";
import { type ConnectionOptions, Worker } from "bullmq";
import { type AcceptPorts, acceptDelivery } from "./accept-delivery.ts";
import type { BotIdentity } from "./bot-identity.ts";
import type { BusinessEvents } from "./business-events.ts";
import type { Delivery } from "./delivery.ts";
import { LOOKUPS_QUEUE, Lookup, type LookupQueue } from "./lookup-queue.ts";
import type { IngressMetrics } from "./metrics.ts";
import { type ReadThread, readThread } from "./read-thread.ts";

export interface LookUpOptions {
  connection: ConnectionOptions;
  prefix: string;
  client: WebClient;
  pacer: Pacer;
  identity: BotIdentity;
  lookups: LookupQueue;
  ports: AcceptPorts;
  metrics: IngressMetrics;
  log: BusinessEvents;
  /** Told about trouble that no call reports. */
  onQueueError: (error: Error) => void;
}

/** Reads the threads that deliveries wait for, one after the other so that replies stay in order, and takes what is ours. */
export async function lookUpThreads(options: LookUpOptions): Promise<AsyncDisposable> {
  const { connection, prefix, lookups, log, metrics } = options;
  const stopping = new AbortController();
  // One at a time also over replicas.
  await lookups.queue.setGlobalConcurrency(1);
  const worker = new Worker(
    LOOKUPS_QUEUE,
    async (job) => {
      const lookup = Lookup.parse(job.data);
      const result = await lookUp(options, lookup, stopping.signal);
      metrics.threadLookups.inc({ result });
      log.threadLookedUp(lookup.delivery, result);
    },
    { connection, prefix: queuePrefix(prefix), concurrency: 1, settings: { backoffStrategy: backoffMs } },
  );
  worker.on("error", options.onQueueError);
  worker.on("failed", (job, error) => {
    metrics.threadLookups.inc({ result: "failed" });
    log.threadLookupFailed(job?.id, error);
  });
  await worker.waitUntilReady();
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await worker.close();
    },
  };
}

async function lookUp(
  options: LookUpOptions,
  { delivery, eventId }: Lookup,
  signal: AbortSignal,
): Promise<"ours" | "not-ours"> {
  const { client, identity, lookups, ports } = options;
  const key = sessionKeyOf(delivery.thread);
  // An earlier lookup, or a mention, may have answered the question meanwhile.
  if ((await ports.inbox.session(key)) === undefined) {
    const paced = <Answer>(call: () => Promise<Answer>) => whenAllowed(options, signal, call);
    const thread = await readThread({ client, identity, paced }, delivery.thread);
    if (!thread.isOurs && !(await takeMention(ports, thread, delivery))) {
      await lookups.markForeign(key);
      // A mention there begins a session; anything else is none of our business.
      await acceptDelivery(ports, { delivery, eventId });
      return "not-ours";
    }
    await acceptDelivery(ports, { delivery, eventId, found: thread });
    return "ours";
  }
  await acceptDelivery(ports, { delivery, eventId });
  return "ours";
}

/**
 * The mention that would make the thread ours may have been refused while Redis was away, and Slack is about to repeat
 * it: it is taken as the thread shows it, so that replies which overtook it are not lost. True when it is there now.
 */
async function takeMention(ports: AcceptPorts, { mention, ...found }: ReadThread, { id }: Delivery): Promise<boolean> {
  if (mention === undefined || mention.id === id) return false;
  const { result } = await acceptDelivery(ports, { delivery: mention, found: { ...found, owner: mention.user } });
  return result === "accepted" || result === "duplicate";
}

/** Waits for its turn among all calls of ours, the streamer's included; too many is no failure but a reason to wait. */
async function whenAllowed<Answer>(
  { pacer, identity }: LookUpOptions,
  signal: AbortSignal,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const paced = { team: identity.team, method: "conversations.replies" };
  for (;;) {
    await pacer.acquire({ ...paced, priority: "prompt", signal });
    try {
      return await call();
    } catch (error) {
      const failure = slackFailureOf(error);
      if (failure.kind !== "rate-limited") throw error;
      await pacer.pause(paced, failure.retryAfterMs);
    }
  }
}

import {
  connectRedis,
  createRegistry,
  type Logger,
  type RunningService,
  startInternalServer,
  untilRedisReady,
} from "@peerbot/runtime";
import { createSessionInbox } from "@peerbot/session-log";
import { createNoticeQueue, createSessionQueue } from "@peerbot/session-queue";
import { createPacer, createWebClient, SLACK_PACE, scaledPace } from "@peerbot/slack";
import { type AcceptPorts, acceptDelivery } from "./accept-delivery.ts";
import type { AdmissionPolicy } from "./admit.ts";
import { createBoltApp } from "./bolt-app.ts";
import { type BusinessEvents, createBusinessEvents } from "./business-events.ts";
import type { IngressConfig } from "./config.ts";
import { createDeliver, type Deliver } from "./deliver.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import type { IngressReceiver } from "./ingress-receiver.ts";
import { joinSlack } from "./join-slack.ts";
import { lookUpThreads } from "./look-up-threads.ts";
import { createLookupQueue } from "./lookup-queue.ts";
import { createMetrics, type IngressMetrics } from "./metrics.ts";
import { createSlackLogger } from "./slack-logger.ts";
import { createSocketReceiver } from "./socket-receiver.ts";

export interface Ingress extends RunningService {
  /** Where Slack posts to; `undefined` in socket mode. */
  readonly port: number | undefined;
  readonly internalPort: number;
  readonly failed: Promise<never>;
}

/** Builds the ingress from its settings and starts it. Slack need not answer for that; Redis has to. */
export async function compose(config: IngressConfig, logger: Logger): Promise<Ingress> {
  await using starting = new AsyncDisposableStack();
  const log = createBusinessEvents(logger);
  const registry = createRegistry("ingress");
  const metrics = createMetrics(registry);
  const prefix = config.REDIS_PREFIX;

  const redis = connectRedis({ url: config.REDIS_URL, logger, whenAway: "fail-fast" });
  starting.defer(() => redis.disconnect());
  const waitingRedis = connectRedis({ url: config.REDIS_URL, logger, whenAway: "wait" });
  starting.defer(() => waitingRedis.disconnect());
  await untilRedisReady(redis);

  const queue = starting.use(createSessionQueue({ connection: redis, prefix }));
  const notices = starting.use(createNoticeQueue({ connection: redis, prefix }));
  const lookups = starting.use(createLookupQueue({ connection: redis, redis, prefix }));
  // That Redis is away is told once, by its connection, and not by each queue at each try.
  const onQueueError = (error: Error) => {
    if (redis.status === "ready") log.queueTrouble(error);
  };
  for (const each of [queue, notices, lookups]) each.queue.on("error", onQueueError);
  const inbox = createSessionInbox({
    redis,
    prefix,
    retentionSeconds: config.SESSION_RETENTION_DAYS * 24 * 3600,
  });
  const ports: AcceptPorts = { inbox, queue, notices, lookups, policy: policyOf(config) };

  const client = createWebClient({ token: config.SLACK_BOT_TOKEN, apiUrl: config.SLACK_API_URL, logger });
  const pacer = createPacer({ redis, prefix, limits: scaledPace(SLACK_PACE, config.SLACK_PACE) });
  const receiver = receiverOf(config, { logger, log, metrics, deliver: (body, retry) => deliver(body, retry) });
  const membership = joinSlack({
    client,
    log,
    start: async (identity, running) => {
      const looking = {
        connection: waitingRedis,
        prefix,
        client,
        pacer,
        identity,
        lookups,
        ports,
        metrics,
        log,
        onQueueError,
      };
      running.use(await lookUpThreads(looking));
      // Deliveries over the socket need a bot that knows itself; over HTTP Slack's first request needs it not.
      if (config.SLACK_MODE === "socket") await receiver.start();
    },
  });
  starting.use(membership);
  const app = createBoltApp({
    receiver,
    identity: membership.identity,
    take: async (reading) =>
      reading.delivery === undefined ? { result: "ignored", reason: reading.ignored } : acceptDelivery(ports, reading),
    apiUrl: apiUrlOf(config),
    logger,
  });
  const deliver = createDeliver({ app, metrics, log });

  const checkReady = async () => {
    await redis.ping();
    membership.identity();
    receiver.checkReady();
  };
  const internal = starting.use(
    await startInternalServer({ host: config.INTERNAL_HOST, port: config.INTERNAL_PORT, registry, checkReady }),
  );
  starting.defer(() => receiver.stop());
  if (config.SLACK_MODE === "http") await receiver.start();

  const failed = Promise.race([membership.failed, receiver.failed]);
  failed.catch(() => {}); // Whoever cares awaits it; nobody else is to meet an unhandled rejection.
  const { port } = receiver;
  log.started({ port, internalPort: internal.port }, config.SLACK_MODE);
  const running = starting.move();
  return {
    port,
    internalPort: internal.port,
    failed,
    [Symbol.asyncDispose]: async () => {
      log.stopping();
      await running.disposeAsync();
    },
  };
}

function receiverOf(
  config: IngressConfig,
  ports: { logger: Logger; log: BusinessEvents; metrics: IngressMetrics; deliver: Deliver },
): IngressReceiver {
  const { logger, log, metrics, deliver } = ports;
  if (config.SLACK_MODE === "socket") {
    const appToken = config.SLACK_APP_TOKEN?.reveal() ?? "";
    return createSocketReceiver({
      appToken,
      apiUrl: apiUrlOf(config),
      logger: createSlackLogger(logger),
      deliver,
      log,
    });
  }
  return createHttpReceiver({
    host: config.INGRESS_HOST,
    port: config.INGRESS_PORT,
    signingSecret: config.SLACK_SIGNING_SECRET?.reveal() ?? "",
    deliver,
    onUnverified: (reason) => {
      metrics.unverified.inc({ reason });
      log.unverified(reason);
    },
  });
}

function apiUrlOf({ SLACK_API_URL }: IngressConfig): string {
  return `${SLACK_API_URL}/`;
}

function policyOf(config: IngressConfig): AdmissionPolicy {
  return {
    allowedUsers: config.SLACK_ALLOWED_USERS,
    deniedUsers: config.SLACK_DENIED_USERS,
    adminUsers: config.SLACK_ADMIN_USERS,
    allowedChannels: config.SLACK_ALLOWED_CHANNELS,
    deniedChannels: config.SLACK_DENIED_CHANNELS,
    allowDirectMessages: config.SLACK_ALLOW_DIRECT_MESSAGES,
    allowExternalUsers: config.SLACK_ALLOW_EXTERNAL_USERS,
    promptMaxCharacters: config.PROMPT_MAX_CHARACTERS,
    allowedSizes: config.ALLOWED_SIZES,
    allowDocker: config.DOCKER_IN_DOCKER !== "off",
  };
}

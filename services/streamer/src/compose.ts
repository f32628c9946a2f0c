import {
  connectRedis,
  createRegistry,
  type Logger,
  type RunningService,
  startInternalServer,
  untilRedisReady,
} from "@peerbot/runtime";
import { createSessionEvents, createSessionInbox, createSessionRuns, subscribeActivity } from "@peerbot/session-log";
import { consumeNotices } from "@peerbot/session-queue";
import {
  createPacer,
  createWebClient,
  type MethodPace,
  SLACK_PACE,
  SLACK_TIMEOUT_MS,
  scaledPace,
} from "@peerbot/slack";
import type { StreamerConfig } from "./config.ts";
import { createStreamerLog } from "./log-events.ts";
import { createStreamerMetrics } from "./metrics.ts";
import { tellNotice } from "./tell-notice.ts";
import { createSlackCalls } from "./thread/slack-calls.ts";
import { createSlackFeatures } from "./thread/slack-features.ts";
import { startThreadFleet } from "./thread/thread-fleet.ts";
import { FIRST_RETRY_MS, LATE_EFFECT_MS, PROGRESS_INTERVAL_MS } from "./thread/thread-ports.ts";
import { createThreadStore } from "./thread/thread-store.ts";

/** The streamer only reads what others keep; how long they keep it is their setting. */
const RETENTION_SECONDS = 30 * 24 * 3600;

export interface Streamer extends RunningService {
  readonly internalPort: number;
}

/** Parts that tests replace. */
export interface StreamerOverrides {
  /** Slack's limits by method; the published ones unless told. */
  paceLimits?: Readonly<Record<string, MethodPace>>;
}

/** Builds the streamer and starts it; disposing stops it without leaving a call half done. */
export async function compose(
  config: StreamerConfig,
  logger: Logger,
  { paceLimits = SLACK_PACE }: StreamerOverrides = {},
): Promise<Streamer> {
  await using started = new AsyncDisposableStack();
  const { REDIS_URL: url, REDIS_PREFIX: prefix } = config;
  const connect = (whenAway: "fail-fast" | "wait") => {
    const redis = connectRedis({ url, logger, whenAway });
    started.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect("fail-fast");
  const queueConnection = connect("wait");
  const subscriber = connect("wait");
  await untilRedisReady(redis);

  const log = createStreamerLog(logger);
  const registry = createRegistry("streamer");
  let threadsBehind = () => 0;
  const metrics = createStreamerMetrics(registry, { threadsBehind: () => threadsBehind() });
  const client = createWebClient({ token: config.SLACK_BOT_TOKEN, apiUrl: config.SLACK_API_URL, logger });
  const slack = createSlackCalls({ client, metrics });
  const pacer = createPacer({ redis, prefix, limits: scaledPace(paceLimits, config.SLACK_PACE) });
  const session = { redis, prefix, retentionSeconds: RETENTION_SECONDS };
  const events = createSessionEvents(session);

  const fleet = started.use(
    await startThreadFleet({
      ports: {
        events,
        runs: createSessionRuns(session),
        inbox: createSessionInbox(session),
        store: createThreadStore({ redis, prefix }),
        slack,
        pacer,
        features: createSlackFeatures(),
        metrics,
        log,
        timing: {
          streamLifetimeMs: config.STREAM_LIFETIME_SECONDS * 1000,
          progressIntervalMs: PROGRESS_INTERVAL_MS,
          firstRetryMs: FIRST_RETRY_MS,
          longestCallMs: SLACK_TIMEOUT_MS,
          lateEffectMs: LATE_EFFECT_MS,
        },
      },
      events,
      activity: started.use(await subscribeActivity({ subscriber, prefix })),
      redis,
      prefix,
      leaseMs: config.THREAD_LEASE_SECONDS * 1000,
      log,
    }),
  );
  threadsBehind = () => fleet.behind();

  const stopping = new AbortController();
  started.use(
    await consumeNotices({
      connection: queueConnection,
      prefix,
      tell: (notice) => tellNotice({ slack, pacer, redis, prefix }, notice, stopping.signal),
      logger,
    }),
  );
  started.defer(() => stopping.abort());

  const { port: internalPort } = started.use(
    await startInternalServer({
      host: config.INTERNAL_HOST,
      port: config.INTERNAL_PORT,
      registry,
      checkReady: async () => void (await redis.ping()),
    }),
  );
  const running = started.move();
  return { internalPort, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

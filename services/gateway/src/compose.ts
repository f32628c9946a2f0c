import {
  type ConversationStore,
  createFilesystemConversationStore,
  createGcsConversationStore,
} from "@peerbot/conversation-store";
import { createGitHubHost } from "@peerbot/git-host";
import {
  connectRedis,
  createRegistry,
  type Logger,
  portOf,
  type RunningService,
  startInternalServer,
  untilRedisReady,
} from "@peerbot/runtime";
import { createSessionRuns, subscribeActivity } from "@peerbot/session-log";
import { createWarmPool, subscribeWarmNews } from "@peerbot/warm-pool";
import { createBusinessEvents } from "./business-events.ts";
import type { GatewayConfig } from "./config.ts";
import { createAbilities } from "./git-proxy/abilities.ts";
import { createGitUpstream } from "./git-proxy/git-upstream.ts";
import { createMetrics } from "./metrics.ts";
import { createClaudeApi } from "./model-proxy/claude-api.ts";
import { readinessCheck } from "./readiness.ts";
import { createServer } from "./server.ts";
import { stopServer } from "./stop-server.ts";

export interface Gateway extends RunningService {
  /** Where workers call. */
  readonly port: number;
  readonly internalPort: number;
}

/** Builds the gateway from its settings and starts it. */
export async function compose(config: GatewayConfig, logger: Logger): Promise<Gateway> {
  await using starting = new AsyncDisposableStack();
  const log = createBusinessEvents(logger);
  const registry = createRegistry("gateway");

  const redis = connectRedis({ url: config.REDIS_URL, logger, whenAway: "fail-fast" });
  starting.defer(() => redis.disconnect());
  const subscriber = connectRedis({ url: config.REDIS_URL, logger, whenAway: "wait" });
  starting.defer(() => subscriber.disconnect());
  await untilRedisReady(redis);
  const prefix = config.REDIS_PREFIX;
  const activity = starting.use(await subscribeActivity({ subscriber, prefix }));
  const news = await subscribeWarmNews({ subscriber, prefix });
  const retentionSeconds = config.SESSION_RETENTION_DAYS * 24 * 3600;
  const runs = createSessionRuns({ redis, prefix, retentionSeconds });

  const conversations = conversationStoreOf(config);
  const gitHost = createGitHubHost({
    apiUrl: config.GITHUB_API_URL,
    gitUrl: config.GITHUB_GIT_URL,
    organization: config.GITHUB_ORGANIZATION,
    token: config.GITHUB_TOKEN,
  });
  const upstream = starting.use(createGitUpstream({ gitHost }));
  const claude = starting.use(
    createClaudeApi({
      baseUrl: config.ANTHROPIC_BASE_URL,
      apiKey: config.ANTHROPIC_API_KEY,
      idleTimeoutMs: config.MODEL_IDLE_TIMEOUT_SECONDS * 1000,
    }),
  );

  const stop = new AbortController();
  const server = await createServer({
    tokenSecret: config.TOKEN_SECRET,
    runs,
    activity,
    pool: createWarmPool({ redis, prefix }),
    news,
    conversations,
    gitHost,
    upstream,
    abilities: createAbilities({ upstream }),
    claude,
    model: config.MODEL,
    pushMaxBytes: config.GIT_PUSH_MAX_BYTES,
    stopping: stop.signal,
    isRedisAway: () => redis.status !== "ready",
    metrics: createMetrics(registry),
    log,
  });
  const internal = starting.use(
    await startInternalServer({
      host: config.INTERNAL_HOST,
      port: config.INTERNAL_PORT,
      registry,
      checkReady: readinessCheck({ redis, conversations }),
    }),
  );
  starting.defer(() => stopServer(server, stop));
  await server.listen({ host: config.GATEWAY_HOST, port: config.GATEWAY_PORT });

  const port = portOf(server);
  log.started(port, internal.port);
  const running = starting.move();
  return {
    port,
    internalPort: internal.port,
    [Symbol.asyncDispose]: async () => {
      log.stopping();
      await running.disposeAsync();
    },
  };
}

function conversationStoreOf(config: GatewayConfig): ConversationStore {
  const { GCS_BUCKET: bucket, GCS_API_ENDPOINT: apiEndpoint, CONVERSATION_DIRECTORY: directory = "" } = config;
  if (bucket === undefined) return createFilesystemConversationStore({ directory });
  return createGcsConversationStore({ bucket, ...(apiEndpoint === undefined ? {} : { apiEndpoint }) });
}

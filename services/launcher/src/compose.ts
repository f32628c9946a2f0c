import { createGitHubHost, type GitHost } from "@peerbot/git-host";
import {
  connectRedis,
  createRegistry,
  type Logger,
  type RunningService,
  startInternalServer,
  untilRedisReady,
} from "@peerbot/runtime";
import {
  createSessionEvents,
  createSessionInbox,
  createSessionRuns,
  createSessionWaits,
  subscribeActivity,
} from "@peerbot/session-log";
import {
  consumeSessions,
  createNoticeQueue,
  createSessionQueue,
  createUserLimit,
  type SessionJobResult,
} from "@peerbot/session-queue";
import { createSlackUserDirectory, type UserDirectory } from "@peerbot/slack";
import { createWarmPool, subscribeWarmNews } from "@peerbot/warm-pool";
import { createBusinessEvents } from "./business-events.ts";
import type { LauncherConfig } from "./config.ts";
import { serveDashboard } from "./dashboard.ts";
import { type LaunchSettings, launchSession } from "./launch/launch-session.ts";
import { createRepositoryMemory } from "./launch/repository-memory.ts";
import { withdrawStopped } from "./launch/withdraw-stopped.ts";
import { createMetrics } from "./metrics.ts";
import { chooseRunner } from "./runner/choose-runner.ts";
import type { SessionRunner } from "./runner/session-runner.ts";
import { sweepRegularly } from "./sweep.ts";
import { tellLineRegularly } from "./tell-line.ts";
import { generationOf, keepPool } from "./warm/keep-pool.ts";
import { createWarmRunner } from "./warm/warm-runner.ts";

/** Parts a test brings along. */
export interface LauncherOverrides {
  gitHost?: Pick<GitHost, "ensureRepository" | "checkReady">;
  users?: UserDirectory;
  runner?: SessionRunner;
  repositoryPausesMs?: readonly number[];
  lockDurationMs?: number;
  sweepEveryMs?: number;
  keepPoolEveryMs?: number;
  tellLineEveryMs?: number;
}

export interface Launcher extends RunningService {
  readonly internalPort: number;
}

/** Builds a running launcher. Disposing hands its sessions over; their workers live on. */
export async function compose(
  config: LauncherConfig,
  logger: Logger,
  overrides: LauncherOverrides = {},
): Promise<Launcher> {
  await using parts = new AsyncDisposableStack();
  const connect = (whenAway: "fail-fast" | "wait") => {
    const redis = connectRedis({ url: config.REDIS_URL, logger, whenAway });
    parts.defer(() => redis.disconnect());
    return redis;
  };
  const redis = connect("fail-fast");
  const subscriber = connect("wait");
  const consuming = connect("wait");
  await untilRedisReady(redis);

  const log = { redis, prefix: config.REDIS_PREFIX, retentionSeconds: config.SESSION_RETENTION_DAYS * 24 * 3600 };
  const { prefix } = log;
  const inbox = createSessionInbox(log);
  const runs = createSessionRuns(log);
  const activity = parts.use(await subscribeActivity({ subscriber, prefix }));
  const queue = parts.use(createSessionQueue({ connection: redis, prefix }));
  const notices = parts.use(createNoticeQueue({ connection: redis, prefix }));
  await queue.setWeights(config.FAIR_SHARE_WEIGHTS);

  const pool = createWarmPool({ redis, prefix });

  const registry = createRegistry("launcher");
  const metrics = createMetrics(registry, {
    queues: {
      sessions: () => queue.queue.getJobCounts(),
      notices: () => notices.queue.getJobCounts(),
    },
    warmWorkers: async () => countBy(await pool.members(), ({ state }) => state),
  });
  const business = createBusinessEvents(logger, metrics);
  const settings = settingsOf(config, overrides);
  const adapter = parts.use(overrides.runner ?? (await chooseRunner(config, logger)));
  const generation = generationOf(adapter, settings);
  const keeper = parts.use(
    keepPool(
      { pool, runner: adapter, business },
      {
        ...settings,
        generation,
        size: config.WARM_WORKERS,
        everyMs: overrides.keepPoolEveryMs ?? 5_000,
      },
    ),
  );
  const gitHost = overrides.gitHost ?? gitHostOf(config);
  const ports = {
    inbox,
    runs,
    activity,
    queue,
    gitHost,
    business,
    events: createSessionEvents(log),
    limit: createUserLimit({
      redis,
      prefix,
      max: config.RATE_LIMIT_MAX,
      windowSeconds: config.RATE_LIMIT_WINDOW_SECONDS,
    }),
    waits: createSessionWaits(log),
    memory: createRepositoryMemory({ redis, prefix }),
    users: overrides.users ?? userDirectoryOf(config, { redis, logger }),
    runner: createWarmRunner({
      runner: adapter,
      pool,
      news: await subscribeWarmNews({ subscriber, prefix }),
      generation: config.WARM_WORKERS > 0 ? generation : undefined,
      onUsed: () => keeper.refill(),
      business,
    }),
  };

  const internal = parts.use(
    await startInternalServer({
      host: config.INTERNAL_HOST,
      port: config.INTERNAL_PORT,
      registry,
      checkReady: async () => {
        await redis.ping();
        await gitHost.checkReady();
      },
      extend: (server) =>
        serveDashboard(server, {
          queues: [queue.queue, notices.queue],
          user: config.BULL_BOARD_USER,
          password: config.BULL_BOARD_PASSWORD,
        }),
    }),
  );

  // Should the news get lost, the sweep sees the Stop.
  const unlisten = activity.listen((kind, key) => {
    if (kind === "stop") void withdrawStopped(key, ports).catch((error) => business.withdrawalFailed(key, error));
  });
  parts.defer(unlisten);

  const work = async (key: Parameters<typeof launchSession>[0], leaving: AbortSignal): Promise<SessionJobResult> => {
    metrics.activeRuns.inc();
    try {
      return await launchSession(key, leaving, ports, settings);
    } catch (error) {
      // Whatever broke while we leave, the next one to take the session meets it again.
      if (leaving.aborted) return "handed-over";
      throw error;
    } finally {
      metrics.activeRuns.dec();
    }
  };
  parts.use(
    await consumeSessions({
      connection: consuming,
      prefix,
      concurrency: config.MAX_CONCURRENT_RUNS,
      work: (key, { leaving }) => work(key, leaving),
      logger,
      lockDurationMs: overrides.lockDurationMs ?? config.TAKEOVER_SECONDS * 1_000,
    }),
  );

  const leaving = new AbortController();
  parts.defer(() => leaving.abort());
  // Neither is awaited: both end with `leaving`, and what they have in hand then is the next look's.
  void tellLineRegularly(ports, { everyMs: overrides.tellLineEveryMs ?? 2_000, signal: leaving.signal });
  void sweepRegularly(ports, {
    everyMs: overrides.sweepEveryMs ?? 30_000,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    signal: leaving.signal,
  });

  business.started(internal.port);
  parts.defer(() => business.stopping());
  const all = parts.move();
  return { internalPort: internal.port, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function gitHostOf(config: LauncherConfig): GitHost {
  return createGitHubHost({
    apiUrl: config.GITHUB_API_URL,
    gitUrl: config.GITHUB_GIT_URL,
    organization: config.GITHUB_ORGANIZATION,
    token: config.GITHUB_TOKEN,
  });
}

function userDirectoryOf(
  config: LauncherConfig,
  { redis, logger }: { redis: ReturnType<typeof connectRedis>; logger: Logger },
): UserDirectory {
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl, REDIS_PREFIX: prefix } = config;
  return createSlackUserDirectory({ token, apiUrl, redis, prefix, logger });
}

function countBy<T>(all: readonly T[], stateOf: (one: T) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(all, stateOf)].map(([state, group]) => [state, group.length]));
}

function settingsOf(config: LauncherConfig, { repositoryPausesMs }: LauncherOverrides): LaunchSettings {
  return {
    timeoutSeconds: config.SESSION_TIMEOUT_SECONDS,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    gatewayUrl: config.GATEWAY_URL,
    tokenSecret: config.TOKEN_SECRET,
    logLevel: config.LOG_LEVEL,
    options: {
      allowedSizes: config.ALLOWED_SIZES,
      allowDocker: config.DOCKER_IN_DOCKER !== "off",
      byChannel: config.CHANNEL_OPTIONS,
    },
    rateLimit: { max: config.RATE_LIMIT_MAX, windowSeconds: config.RATE_LIMIT_WINDOW_SECONDS },
    ...(repositoryPausesMs === undefined ? {} : { repositoryPausesMs }),
  };
}

import type { SessionKey } from "@peerbot/contracts";
import { createLogger, createRegistry, Secret } from "@peerbot/runtime";
import { createPacer, createWebClient } from "@peerbot/slack";
import { createStreamerLog } from "../../services/streamer/src/log-events.ts";
import { createStreamerMetrics } from "../../services/streamer/src/metrics.ts";
import { createBell } from "../../services/streamer/src/thread/bell.ts";
import { runThread } from "../../services/streamer/src/thread/run-thread.ts";
import { createSlackCalls } from "../../services/streamer/src/thread/slack-calls.ts";
import { createSlackFeatures } from "../../services/streamer/src/thread/slack-features.ts";
import type { ThreadPorts, ThreadTiming } from "../../services/streamer/src/thread/thread-ports.ts";
import { createThreadStore, threadKeys } from "../../services/streamer/src/thread/thread-store.ts";
import type { StreamerBench } from "./streamer-bench.ts";

/** What a streamer has at hand, without its fleet: for tests that own one thread themselves. */
export function portsFor(
  { sandbox, redis, events, inbox, runs }: StreamerBench,
  timing: Partial<ThreadTiming> = {},
): ThreadPorts {
  const logger = createLogger({ service: "test", level: process.env.LOG_LEVEL ?? "silent" });
  const metrics = createStreamerMetrics(createRegistry("test"), { threadsBehind: () => 0 });
  const client = createWebClient({ token: new Secret("xoxb-sandbox"), apiUrl: `${sandbox.url}/slack/api`, logger });
  return {
    events,
    runs,
    inbox,
    store: createThreadStore({ redis: redis.redis, prefix: redis.prefix }),
    slack: createSlackCalls({ client, metrics }),
    pacer: createPacer({ redis: redis.redis, prefix: redis.prefix, limits: {} }),
    features: createSlackFeatures(),
    metrics,
    log: createStreamerLog(logger),
    timing: {
      streamLifetimeMs: 240_000,
      progressIntervalMs: 0,
      firstRetryMs: 20,
      longestCallMs: 0,
      lateEffectMs: 0,
      ...timing,
    },
  };
}

/** One owner of one thread. */
export interface ThreadOwner {
  /** Resolves when the thread shows all there is; rejects when the owner died. */
  shown(): Promise<void>;
  /** Resolves when nothing is left to show, not even later. */
  done(): Promise<void>;
  stop(): Promise<void>;
}

let owners = 0;

/** Takes the thread over, whoever owned it, and begins to show it. */
export function ownThread(
  { redis }: StreamerBench,
  key: SessionKey,
  ports: ThreadPorts,
  { isHeld = () => true }: { isHeld?: () => boolean } = {},
): ThreadOwner {
  const bell = createBell();
  const stopping = new AbortController();
  const token = `owner-${++owners}`;
  let onCaughtUp = () => {};
  const onBehind = (isBehind: boolean) => (isBehind ? undefined : onCaughtUp());
  const run = redis.redis
    .set(threadKeys(redis.prefix, key).lease, token)
    .then(() => runThread(ports, { key, token, isHeld, bell, signal: stopping.signal, onBehind }));
  run.catch(() => {}); // told by the functions below
  return {
    async shown() {
      const caughtUp = new Promise<void>((resolve) => {
        onCaughtUp = resolve;
      });
      bell.ring();
      await Promise.race([caughtUp, run]);
    },
    async done() {
      bell.ring();
      await run;
    },
    async stop() {
      stopping.abort();
      await run.catch(() => {});
    },
  };
}

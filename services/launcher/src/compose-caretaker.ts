import { connectRedis, type Logger, type RunningService, untilRedisReady } from "@peerbot/runtime";
import { createSessionQueue } from "@peerbot/session-queue";
import type { LauncherConfig } from "./config.ts";
import { chooseRunner } from "./runner/choose-runner.ts";
import { endRuns } from "./runner/end-runs.ts";

/**
 * Ends the workers when a whole installation goes down. Launchers leave them alive for the next launcher; stopped after
 * all launchers, the caretaker knows that there will be none. While one is at work it is only the caretaker that goes.
 */
export async function composeCaretaker(config: LauncherConfig, logger: Logger): Promise<RunningService> {
  await using parts = new AsyncDisposableStack();
  const redis = connectRedis({ url: config.REDIS_URL, logger, whenAway: "fail-fast" });
  parts.defer(() => redis.disconnect());
  await untilRedisReady(redis);
  const { queue } = parts.use(createSessionQueue({ connection: redis, prefix: config.REDIS_PREFIX }));
  const runner = parts.use(await chooseRunner(config, logger));
  logger.info("caretaker-started");
  parts.defer(async () => {
    const launchers = await queue.getWorkersCount();
    if (launchers > 0) return logger.info({ launchers }, "workers-left-to-launchers");
    const ended = await endRuns(runner, { graceSeconds: config.STOP_GRACE_SECONDS });
    logger.info({ ended }, "workers-ended");
  });
  const all = parts.move();
  return { [Symbol.asyncDispose]: () => all.disposeAsync() };
}

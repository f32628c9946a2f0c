import { Redis } from "ioredis";
import type { Logger } from "./logger.ts";

export interface RedisConnectionOptions {
  url: string;
  logger: Logger;
  /** `fail-fast`: a command fails at once while Redis is away. `wait`: it waits for the reconnect (BullMQ workers, subscribers). */
  whenAway: "fail-fast" | "wait";
}

/** A connection that reconnects for ever and logs why it is away, once per outage. */
export function connectRedis({ url, logger, whenAway }: RedisConnectionOptions): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: whenAway === "wait" ? null : 1,
    enableOfflineQueue: whenAway === "wait",
    ...(whenAway === "fail-fast" ? { commandTimeout: 2_000 } : {}),
    // Without it a connection whose other end vanished without a word stands until TCP gives up, a quarter of an hour. A
    // worker's longest wait for a job is far shorter.
    socketTimeout: whenAway === "fail-fast" ? 5_000 : 30_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    // After a failover the address leads to the new primary, but this connection to the old one stands for ever.
    reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED)/.test(message),
  });
  let isAway = false;
  redis.on("error", (error) => {
    if (!isAway) logger.error({ err: error }, "redis-away");
    isAway = true;
  });
  redis.on("ready", () => {
    if (isAway) logger.info("redis-back");
    isAway = false;
  });
  return redis;
}

/** Waits until a fresh connection can take commands. @throws when that takes longer than `timeoutMs`. */
export async function untilRedisReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === "ready") return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs / 1000} s`)), timeoutMs);
    redis.once("ready", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

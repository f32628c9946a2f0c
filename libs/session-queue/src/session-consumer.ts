import { SessionJob, type SessionKey } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import { DelayedError, type Job, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { backoffMs } from "./backoff.ts";
import { createFairOrder, FAIR_PRIORITY } from "./fair-order.ts";
import { queuePrefix, SESSIONS_QUEUE } from "./session-queue.ts";

/**
 * What became of a job: `done`, it is to come back at a time (milliseconds since 1970) without having begun anything, or
 * it was left in the middle because this consumer is leaving and the next one takes it at once.
 */
export type SessionJobResult = "done" | { postponedUntil: number } | "handed-over";

export interface SessionConsumerOptions {
  /** Of the consumer alone; it waits for Redis while that is away. */
  connection: Redis;
  prefix: string;
  /** How many sessions run at once here. */
  concurrency: number;
  /**
   * Works on one session for as long as its run lives. A throw means "try again later". Once `leaving` is aborted it is
   * to come back soon with `handed-over`.
   */
  work: (key: SessionKey, job: { enqueuedAt: number; leaving: AbortSignal }) => Promise<SessionJobResult>;
  logger: Logger;
  /**
   * How long after a consumer's sudden death its jobs go to another one, in milliseconds (at most half as long again).
   * Short, because taking over a job whose consumer was only slow does no harm: its run is met, not started again.
   */
  lockDurationMs?: number;
}

/** Disposing hands the jobs in work over to the other consumers, or to the next one that starts. */
export type SessionConsumer = AsyncDisposable;

const HAND_OVER_MS = 5_000;

/** Consumes the queue: a job stays active for as long as its run lives, so the dashboard shows what is running. */
export async function consumeSessions(options: SessionConsumerOptions): Promise<SessionConsumer> {
  const { connection, prefix, concurrency, work, logger, lockDurationMs = 10_000 } = options;
  const leaving = new AbortController();
  const inWork = new Set<Promise<void>>();

  const worker = new Worker(SESSIONS_QUEUE, processAndKnow, {
    connection,
    prefix: queuePrefix(prefix),
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: Math.max(500, lockDurationMs / 2),
    // A stalled job is the rule, not a fault, when a consumer dies: its run is adopted each time.
    maxStalledCount: 1_000_000,
    settings: { backoffStrategy: backoffMs },
    // After Redis was away, look for work again this soon.
    runRetryDelay: 1_000,
  });
  worker.on("error", (error) => logger.error({ err: error }, "queue-error"));
  worker.on("failed", (job, error) =>
    logger.error({ session: job?.data?.sessionKey, err: error }, "session-job-failed"),
  );
  worker.on("stalled", (jobId) => logger.warn({ jobId }, "session-job-taken-over"));
  // After an outage of Redis another consumer may have the job: two that follow its run would take up two places.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id);
  });
  const order = createFairOrder({ redis: connection, queue: worker });
  await worker.waitUntilReady();

  async function processAndKnow(job: Job, token: string | undefined, lost: AbortSignal | undefined): Promise<void> {
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    inWork.add(settled);
    try {
      await processJob(job, token, lost ?? new AbortController().signal);
    } finally {
      inWork.delete(settled);
      resolve();
    }
  }

  async function processJob(job: Job, token: string | undefined, lost: AbortSignal): Promise<void> {
    const { sessionKey, enqueuedAt } = SessionJob.parse(job.data);
    if (job.id !== undefined) await order.take(job.id);
    const result = leaving.signal.aborted
      ? "handed-over"
      : await work(sessionKey, { enqueuedAt, leaving: AbortSignal.any([leaving.signal, lost]) });
    if (result === "done") return;
    if (lost.aborted) throw new Error("another consumer has the job");
    if (result === "handed-over") {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    // It has begun nothing: when its time has come it waits for its turn like all others.
    await job.changePriority({ priority: FAIR_PRIORITY });
    await job.moveToDelayed(result.postponedUntil, token);
    throw new DelayedError();
  }

  return {
    [Symbol.asyncDispose]: async () => {
      leaving.abort();
      await worker.pause(true);
      const isHandedOver = await settlesWithin(() => inWork, HAND_OVER_MS);
      // Not forced if possible: a job that is on its way here right now is to be handed over, too. When Redis is away
      // or the work does not come back, the locks run out and others take the jobs then.
      await worker.close(!isHandedOver || connection.status !== "ready");
    },
  };
}

async function settlesWithin(promises: () => ReadonlySet<Promise<void>>, timeoutMs: number): Promise<boolean> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([Promise.all(promises()), tooLate]);
  clearTimeout(timer);
  return promises().size === 0;
}

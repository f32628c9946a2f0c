import { SessionJob, type SessionKey } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import { type ConnectionOptions, DelayedError, type Job, Worker } from "bullmq";
import { queuePrefix, SESSIONS_QUEUE } from "./session-queue.ts";

/** What became of a job: `done`, or it is to come back at a time (milliseconds since 1970) and keeps its place till then. */
export type SessionJobResult = "done" | { postponedUntil: number };

export interface SessionConsumerOptions {
  connection: ConnectionOptions;
  prefix: string;
  /** How many sessions run at once here. */
  concurrency: number;
  /** Works on one session for as long as its run lives. A throw means "try again later". */
  work: (key: SessionKey, job: { enqueuedAt: number }) => Promise<SessionJobResult>;
  logger: Logger;
  /** How long after a consumer's sudden death its jobs go to another one, in milliseconds. */
  lockDurationMs?: number;
}

export interface SessionConsumer extends AsyncDisposable {
  /** Takes no further jobs; those in work go on. */
  pause(): Promise<void>;
}

/** Consumes the queue: a job stays active for as long as its run lives, so the dashboard shows what is running. */
export async function consumeSessions(options: SessionConsumerOptions): Promise<SessionConsumer> {
  const { connection, prefix, concurrency, work, logger, lockDurationMs = 30_000 } = options;
  const worker = new Worker(SESSIONS_QUEUE, (job, token) => processJob(job, token, work), {
    connection,
    prefix: queuePrefix(prefix),
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: Math.max(1_000, lockDurationMs / 2),
    // A stalled job is the rule, not a fault, when a launcher is replaced: its run is adopted each time.
    maxStalledCount: 1_000_000,
  });
  worker.on("error", (error) => logger.error({ err: error }, "queue-error"));
  worker.on("failed", (job, error) =>
    logger.error({ session: job?.data?.sessionKey, err: error }, "session-job-failed"),
  );
  worker.on("stalled", (jobId) => logger.warn({ jobId }, "session-job-taken-over"));
  await worker.waitUntilReady();
  return {
    pause: () => worker.pause(true),
    // Forced: the jobs' runs live on; whoever takes the jobs next adopts them.
    [Symbol.asyncDispose]: () => worker.close(true),
  };
}

async function processJob(job: Job, token: string | undefined, work: SessionConsumerOptions["work"]): Promise<void> {
  const { sessionKey, enqueuedAt } = SessionJob.parse(job.data);
  const result = await work(sessionKey, { enqueuedAt });
  if (result === "done") return;
  await job.moveToDelayed(result.postponedUntil, token);
  throw new DelayedError();
}

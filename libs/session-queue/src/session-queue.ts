import type { SessionJob, SessionKey } from "@peerbot/contracts";
import { type ConnectionOptions, Queue } from "bullmq";

export const SESSIONS_QUEUE = "sessions";

/** BullMQ's own key prefix; the braces keep its keys on one slot of a Redis Cluster. */
export function queuePrefix(prefix: string): string {
  return `{${prefix}-queue}`;
}

/** Tells the launcher that a session has work. The work itself is in the session's inbox. */
export interface SessionQueue extends AsyncDisposable {
  /** However often it is said, one job runs at a time for a session, and one more after it if it was said meanwhile. */
  enqueue(key: SessionKey): Promise<void>;
  /** Runs a waiting session's job now instead of at the time it was postponed to. */
  hurry(key: SessionKey): Promise<void>;
  /** True while a job of the session waits, is postponed or is in work. */
  hasJob(key: SessionKey): Promise<boolean>;
  /** The queue itself, for dashboards and depth metrics. */
  readonly queue: Queue;
}

const JOB_OPTIONS = {
  // A job that throws met Redis or the runner away: it is tried for about a day (the consumer knows the pauses).
  attempts: 1_440,
  backoff: { type: "capped-exponential" },
  removeOnComplete: { age: 3600, count: 1000 },
  removeOnFail: { age: 7 * 24 * 3600 },
};

export function createSessionQueue({
  connection,
  prefix,
}: {
  connection: ConnectionOptions;
  prefix: string;
}): SessionQueue {
  const queue = new Queue(SESSIONS_QUEUE, { connection, prefix: queuePrefix(prefix), defaultJobOptions: JOB_OPTIONS });
  // The connection's owner logs its outages; a queue without a listener would print them a second time.
  queue.on("error", () => {});
  return {
    queue,

    async enqueue(key) {
      const job: SessionJob = { v: 1, sessionKey: key, enqueuedAt: Date.now() };
      await queue.add("session", job, { deduplication: { id: key, keepLastIfActive: true } });
    },

    async hurry(key) {
      const id = await queue.getDeduplicationJobId(key);
      const job = id === null ? undefined : await queue.getJob(id);
      if (job === undefined || !(await job.isDelayed())) return;
      try {
        await job.promote();
      } catch (error) {
        // Between the look and the promotion its time came: it runs already.
        if (await job.isDelayed()) throw error;
      }
    },

    hasJob: async (key) => (await queue.getDeduplicationJobId(key)) !== null,

    [Symbol.asyncDispose]: () => queue.close(),
  };
}

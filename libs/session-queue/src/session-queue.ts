import { SessionJob, type SessionKey, type WorkspaceUser } from "@peerbot/contracts";
import { type Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { CAPPED_BACKOFF } from "./backoff.ts";
import { createFairOrder, FAIR_PRIORITY } from "./fair-order.ts";

export const SESSIONS_QUEUE = "sessions";

/** BullMQ's own key prefix; the braces keep its keys on one slot of a Redis Cluster. */
export function queuePrefix(prefix: string): string {
  return `{${prefix}-queue}`;
}

/** Tells the launcher that a session has work. The work itself is in the session's inbox. */
export interface SessionQueue extends AsyncDisposable {
  /**
   * However often it is said, one job runs at a time for a session, and one more after it if it was said meanwhile. The
   * job takes one of the person's turns.
   */
  enqueue(key: SessionKey, options?: { person?: WorkspaceUser }): Promise<void>;
  /** Lets a postponed session wait for its turn now instead of from the time it was postponed to. */
  hurry(key: SessionKey): Promise<void>;
  /** Takes a session's job away unless it is in work. */
  withdraw(key: SessionKey): Promise<void>;
  /** True while a job of the session waits, is postponed or is in work. */
  hasJob(key: SessionKey): Promise<boolean>;
  /** The sessions that wait for their turn, the next one first; postponed ones are not among them. */
  line(): Promise<SessionKey[]>;
  /** Replaces the weights of the fair order, by Slack user id; who has none has weight 1. */
  setWeights(weights: ReadonlyMap<string, number>): Promise<void>;
  /** The queue itself, for dashboards and depth metrics. */
  readonly queue: Queue;
}

const JOB_OPTIONS = {
  priority: FAIR_PRIORITY,
  // A job that throws met Redis or the runner away: it is tried for about a day (the consumer knows the pauses).
  attempts: 1_440,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: { age: 3600, count: 1000 },
  removeOnFail: { age: 7 * 24 * 3600 },
};

export function createSessionQueue({ connection, prefix }: { connection: Redis; prefix: string }): SessionQueue {
  const queue = new Queue(SESSIONS_QUEUE, { connection, prefix: queuePrefix(prefix), defaultJobOptions: JOB_OPTIONS });
  // The connection's owner logs its outages; a queue without a listener would print them a second time.
  queue.on("error", () => {});
  const order = createFairOrder({ redis: connection, queue });

  async function jobOf(key: SessionKey): Promise<Job | undefined> {
    const id = await queue.getDeduplicationJobId(key);
    return id === null ? undefined : await queue.getJob(id);
  }

  return {
    queue,
    setWeights: order.setWeights,

    async enqueue(key, { person } = {}) {
      const job = SessionJob.parse({ v: 1, sessionKey: key, enqueuedAt: Date.now(), person });
      await queue.add("session", job, { deduplication: { id: key, keepLastIfActive: true } });
      await order.arrange();
    },

    async hurry(key) {
      const job = await jobOf(key);
      if (job === undefined || !(await job.isDelayed())) return;
      try {
        await job.promote();
      } catch (error) {
        // Between the look and the promotion its time came: it waits for its turn, or has it, already.
        if (await job.isDelayed()) throw error;
      }
      await order.arrange();
    },

    async withdraw(key) {
      const job = await jobOf(key);
      if (job === undefined || (await job.isActive())) return;
      try {
        await job.remove();
      } catch (error) {
        // Between the look and the removal it got its turn.
        if (!(await job.isActive())) throw error;
      }
    },

    // Asked for the job itself: its mark outlives it when somebody deletes it in a dashboard.
    hasJob: async (key) => (await jobOf(key)) !== undefined,

    line: async () => (await order.line()).map(({ sessionKey }) => sessionKey),

    [Symbol.asyncDispose]: () => queue.close(),
  };
}

import type { SessionKey } from "@peerbot/contracts";
import { CAPPED_BACKOFF, queuePrefix } from "@peerbot/session-queue";
import { type ConnectionOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { Delivery } from "./delivery.ts";

export const LOOKUPS_QUEUE = "thread-lookups";

/** A delivery that waits until its thread has been read. */
export const Lookup = z.object({ v: z.literal(1), delivery: Delivery, eventId: z.string().optional() });
export type Lookup = z.infer<typeof Lookup>;

/**
 * Deliveries in threads Redis does not know. Only Slack can tell whether those are ours, and it is not asked before the
 * acknowledgement: the delivery is kept here until somebody has asked.
 */
export interface LookupQueue extends AsyncDisposable {
  /** The same delivery again changes nothing. */
  add(lookup: Lookup): Promise<void>;
  /** Whether the thread was read within the last hour and was not ours. */
  isForeign(key: SessionKey): Promise<boolean>;
  /** Remembers for an hour that the thread is not ours. */
  markForeign(key: SessionKey): Promise<void>;
  readonly queue: Queue;
}

const FOREIGN_SECONDS = 3600;

export function createLookupQueue(options: {
  connection: ConnectionOptions;
  redis: Redis;
  prefix: string;
}): LookupQueue {
  const { connection, redis, prefix } = options;
  const queue = new Queue(LOOKUPS_QUEUE, {
    connection,
    prefix: queuePrefix(prefix),
    defaultJobOptions: {
      // Slack away for a day is outlived, and its return is noticed within a minute.
      attempts: 24 * 60,
      backoff: CAPPED_BACKOFF,
      removeOnComplete: { age: 24 * 3600 },
      removeOnFail: { age: 7 * 24 * 3600 },
    },
  });
  const foreignKey = (key: SessionKey) => `${prefix}:{${key}}:foreign`;
  return {
    queue,
    // BullMQ allows no colon in a job id.
    add: async (lookup) => void (await queue.add("lookup", lookup, { jobId: lookup.delivery.id.replaceAll(":", "-") })),
    isForeign: async (key) => (await redis.exists(foreignKey(key))) === 1,
    markForeign: async (key) => void (await redis.set(foreignKey(key), 1, "EX", FOREIGN_SECONDS)),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

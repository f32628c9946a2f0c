import { Notice } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import { type ConnectionOptions, Queue, Worker } from "bullmq";
import { backoffMs, CAPPED_BACKOFF } from "./backoff.ts";
import { queuePrefix } from "./session-queue.ts";

const NOTICES_QUEUE = "notices";

/** Answers to people whose message starts no session, kept until the streamer has told them. */
export interface NoticeQueue extends AsyncDisposable {
  /** One notice per message, however often it is delivered. */
  add(notice: Notice): Promise<void>;
  readonly queue: Queue;
}

export function createNoticeQueue({
  connection,
  prefix,
}: {
  connection: ConnectionOptions;
  prefix: string;
}): NoticeQueue {
  const queue = new Queue(NOTICES_QUEUE, {
    connection,
    prefix: queuePrefix(prefix),
    defaultJobOptions: {
      // Slack away for a day is outlived, as long as the message it answers may be of interest.
      attempts: 24 * 60,
      backoff: CAPPED_BACKOFF,
      // Kept for a day: as long as Slack may redeliver the message it answers.
      removeOnComplete: { age: 24 * 3600 },
      removeOnFail: { age: 7 * 24 * 3600 },
    },
  });
  // The connection's owner logs its outages; a queue without a listener would print them a second time.
  queue.on("error", () => {});
  return {
    queue,
    // BullMQ allows no colon in a job id.
    add: async (notice) => void (await queue.add("notice", notice, { jobId: notice.id.replaceAll(":", "-") })),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

/** Tells notices one by one; a throw means "try again later". */
export async function consumeNotices({
  connection,
  prefix,
  tell,
  logger,
}: {
  connection: ConnectionOptions;
  prefix: string;
  tell: (notice: Notice) => Promise<void>;
  logger: Logger;
}): Promise<AsyncDisposable> {
  const worker = new Worker(NOTICES_QUEUE, async (job) => tell(Notice.parse(job.data)), {
    connection,
    prefix: queuePrefix(prefix),
    concurrency: 4,
    settings: { backoffStrategy: backoffMs },
  });
  worker.on("error", (error) => logger.error({ err: error }, "notice-queue-error"));
  worker.on("failed", (job, error) => logger.warn({ notice: job?.id, err: error }, "notice-failed"));
  await worker.waitUntilReady();
  return { [Symbol.asyncDispose]: () => worker.close() };
}

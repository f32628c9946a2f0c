import { branchOf } from "@peerbot/contracts";
import { createSessionInbox, createSessionRuns, sharedKeys } from "@peerbot/session-log";
import { createNoticeQueue, createSessionQueue, queuePrefix } from "@peerbot/session-queue";
import { createWarmPool } from "@peerbot/warm-pool";
import { Redis } from "ioredis";
import type { Leftovers } from "./observation.ts";
import { keyOf, type PlayedSession } from "./play-session.ts";

/** What Redis holds that should be gone once everything is quiet. */
export interface RedisWatch extends AsyncDisposable {
  leftovers(sessions: readonly PlayedSession[]): Promise<Pick<Leftovers, "jobs" | "keys" | "unsettled">>;
  /** Names of workers that wait for a run, as they may. */
  waitingWorkers(): Promise<string[]>;
}

const RETENTION_SECONDS = 24 * 3600; // Nothing is written here that could expire.
const JOB_STATES = ["active", "wait", "delayed", "prioritized", "failed"] as const;

export function watchRedis({ url, prefix }: { url: string; prefix: string }): RedisWatch {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on("error", () => {}); // It is killed on purpose; commands wait until it is back.
  const inbox = createSessionInbox({ redis, prefix, retentionSeconds: RETENTION_SECONDS });
  const runs = createSessionRuns({ redis, prefix, retentionSeconds: RETENTION_SECONDS });
  const sessions = createSessionQueue({ connection: redis, prefix });
  const notices = createNoticeQueue({ connection: redis, prefix });
  const pool = createWarmPool({ redis, prefix });

  async function jobsLeft(): Promise<string[]> {
    const left = await Promise.all(
      [sessions.queue, notices.queue].map(async (queue) => {
        const jobs = await queue.getJobs([...JOB_STATES]);
        return Promise.all(
          jobs.map(
            async (job) =>
              `${queue.name} ${job.id} ${await job.getState()} ${JSON.stringify(job.data)} ${job.failedReason ?? ""}`,
          ),
        );
      }),
    );
    return left.flat();
  }

  async function keysLeft(): Promise<string[]> {
    // Braces are literal in a key and not in a pattern.
    const queues = queuePrefix(prefix).replaceAll(/[{}]/g, "?");
    const patterns = [
      `${prefix}:*:thread-lease`,
      ...["active", "wait", "delayed", "de:*", "*:lock"].map((name) => `${queues}:*:${name}`),
    ];
    const found = await Promise.all(patterns.map((pattern) => scan(redis, pattern)));
    const live = await runs.live();
    return [...found.flat(), ...live.map((key) => `${sharedKeys(prefix).liveRuns} ${key}`)];
  }

  return {
    async waitingWorkers() {
      const members = await pool.members();
      return members.flatMap(({ name, state }) => (state === "starting" || state === "ready" ? [name] : []));
    },

    async leftovers(played) {
      const pending = await Promise.all(
        played.map(async (session) => {
          const entries = await inbox.pending(keyOf(session));
          return entries.map(
            ({ inboxId, message }) => `${branchOf(keyOf(session))} ${inboxId} ${message.kind} ${message.id}`,
          );
        }),
      );
      return { jobs: await jobsLeft(), keys: await keysLeft(), unsettled: pending.flat() };
    },
    async [Symbol.asyncDispose]() {
      await sessions[Symbol.asyncDispose]();
      await notices[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}

async function scan(redis: Redis, pattern: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", pattern, "COUNT", 1000);
    found.push(...keys);
    cursor = next;
  } while (cursor !== "0");
  return found;
}

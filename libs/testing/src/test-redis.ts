import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { type RunningRedis, startRedis } from "./redis-server/index.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporary-folder.ts";

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  /** Of this test alone, fit for `REDIS_PREFIX`. */
  readonly prefix: string;
  /** A connection to arrange and to look with; closed when disposed. */
  readonly redis: Redis;
}

/**
 * A corner of Redis for one test: its own prefix on the Redis all tests of this process share, which is `REDIS_URL` or
 * a private server started by the first call. Disposing deletes the prefix's keys.
 */
export async function testRedis(): Promise<TestRedis> {
  const { url } = await sharedRedis();
  const prefix = `test-${randomBytes(5).toString("hex")}`;
  const redis = new Redis(url, { maxRetriesPerRequest: 3 });
  return {
    url,
    prefix,
    redis,
    [Symbol.asyncDispose]: async () => {
      // Closed by the test itself, or broken on purpose: nothing to tidy then.
      if (redis.status === "ready") await deletePrefix(redis, prefix);
      redis.disconnect();
    },
  };
}

/** Deletes every key with the prefix in its name, wherever it stands: BullMQ may put it in braces. */
async function deletePrefix(redis: Redis, prefix: string): Promise<void> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", `*${prefix}*`, "COUNT", 500);
    if (keys.length > 0) await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== "0");
}

let shared: Promise<{ redis: RunningRedis; folder: TemporaryFolder }> | undefined;

async function sharedRedis(): Promise<RunningRedis> {
  shared ??= startShared();
  return (await shared).redis;
}

async function startShared(): Promise<{ redis: RunningRedis; folder: TemporaryFolder }> {
  const folder = await temporaryFolder();
  const redis = await startRedis({ dataDir: folder.path, url: process.env.REDIS_URL, isDurable: false });
  return { redis, folder };
}

/** Ends the shared Redis if a test started it. */
export async function stopSharedRedis(): Promise<void> {
  if (shared === undefined) return;
  const { redis, folder } = await shared;
  shared = undefined;
  await redis[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
}

import { Redis } from "ioredis";
import { createLogger, Secret } from "../../src/index.ts";

// Logs what Redis refuses, and other things that hold what no log may: `log-failures.ts REDIS_URL PREFIX`.
const [url = "", prefix = ""] = process.argv.slice(2);
const logger = createLogger({ service: "test", level: "info" });
const redis = new Redis(url, { maxRetriesPerRequest: 1 });
const key = `${prefix}:text`;
await redis.set(key, "text");
await redis.lpush(key, "a private message").catch((err: unknown) => logger.error({ err }, "redis-refused"));
redis.disconnect();
const headers = { authorization: "Bearer open-sesame" };
logger.info({ headers, request: { headers }, token: new Secret("open-sesame") }, "request");

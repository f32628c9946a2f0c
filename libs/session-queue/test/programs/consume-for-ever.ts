import { createLogger } from "@peerbot/runtime";
import { Redis } from "ioredis";
import { consumeSessions } from "../../src/index.ts";

// A consumer that takes sessions and never lets go of them: `consume-for-ever.ts REDIS_URL PREFIX`.
const [url = "", prefix = ""] = process.argv.slice(2);
await consumeSessions({
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  prefix,
  concurrency: 5,
  work: () => new Promise(() => {}),
  logger: createLogger({ service: "test", level: "fatal" }),
  lockDurationMs: 1_000,
});

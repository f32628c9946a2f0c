import { freePort, temporaryFolder, until } from "@peerbot/testing";
import { startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
import { Redis } from "ioredis";
import { connectRedis, createLogger } from "../src/index.ts";

describe("a connection to Redis", function () {
  this.timeout(10_000);

  it("leaves a server that has become read-only, so that it finds the one which took its place", async () => {
    await using stack = new AsyncDisposableStack();
    const port = await freePort();
    stack.use(await startRedis({ dataDir: stack.use(await temporaryFolder()).path, port }));
    const logger = createLogger({ service: "test", level: "silent" });
    const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, logger, whenAway: "fail-fast" });
    stack.defer(() => redis.disconnect());
    await until(() => redis.status === "ready", { what: "the connection" });
    const before = await redis.client("ID");

    await redis.replicaof("127.0.0.1", 1);
    const refusal = await redis.set("key", "value").catch((error: Error) => error.message);
    expect(refusal).to.match(/^READONLY/);
    await until(async () => (await redis.client("ID")) !== before, { what: "a connection made anew" });
    await using direct = openDirect(port);
    await direct.redis.replicaof("NO", "ONE");
    const isWritten = () => redis.set("key", "value").catch(() => undefined); // it may be between two connections
    await until(async () => (await isWritten()) === "OK", { what: "a write to be taken" });
  });
});

function openDirect(port: number) {
  const redis = new Redis(port);
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() };
}

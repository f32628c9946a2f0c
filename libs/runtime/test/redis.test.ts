import { freePort, temporaryFolder, until } from "@peerbot/testing";
import { startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
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
    await redis.replicaof("NO", "ONE");
    expect(await redis.set("key", "value")).to.equal("OK");
  });
});

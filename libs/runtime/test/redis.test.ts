import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
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

  it("is made anew when the other end falls silent, as after a machine that vanished", async function () {
    this.timeout(20_000);
    await using stack = new AsyncDisposableStack();
    const port = await freePort();
    stack.use(await startRedis({ dataDir: stack.use(await temporaryFolder()).path, port }));
    const network = stack.use(await openNetwork(port));
    const logger = createLogger({ service: "test", level: "silent" });
    const redis = connectRedis({ url: `redis://127.0.0.1:${network.port}`, logger, whenAway: "fail-fast" });
    stack.defer(() => redis.disconnect());
    await until(() => redis.status === "ready", { what: "the connection" });

    network.swallow();
    const isAnswered = () => redis.ping().catch(() => undefined); // nothing comes of it for a while
    await until(async () => (await isAnswered()) === "PONG", { what: "an answer over a new one", timeoutMs: 15_000 });
  });
});

/** A way to Redis on which connections can fall silent; new ones work. */
async function openNetwork(to: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {}); // it ends, and its partner with it
    }
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
  });
  const port = await freePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    port,
    swallow() {
      for (const socket of sockets)
        socket
          .unpipe()
          .removeAllListeners("data")
          .on("data", () => {});
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function openDirect(port: number) {
  const redis = new Redis(port);
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() };
}

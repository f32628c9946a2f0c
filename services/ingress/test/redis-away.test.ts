import { freePort, temporaryFolder, until } from "@peerbot/testing";
import { type RunningRedis, startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
import { callback, keyOf, MENTION, mention, press } from "./support/payloads.ts";
import { IngressHarness, isReady, post } from "./support/start-ingress.ts";

describe("While Redis does not take messages", function () {
  this.timeout(10_000);
  const stack = new AsyncDisposableStack();
  let dataDir: string;
  let port: number;
  let server: RunningRedis;
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;
  let socketIngress: typeof ingress;

  before(async () => {
    dataDir = stack.use(await temporaryFolder()).path;
    port = await freePort();
    server = await startRedis({ dataDir, port });
    stack.defer(() => server[Symbol.asyncDispose]());
    harness = stack.use(await IngressHarness.create({ redisUrl: `redis://127.0.0.1:${port}` }));
    ingress = await harness.start();
    socketIngress = await harness.start({ SLACK_MODE: "socket" });
  });
  after(() => stack.disposeAsync());

  const expectOneMessage = async (ts: string) => {
    expect(await harness.inbox(ts)).to.have.length(1);
    expect(await harness.queued()).to.include(keyOf(ts));
  };

  it("a delivery is answered 503 and not acknowledged on the socket, and taken when it comes again", async () => {
    const [posted, pushed] = [mention(`${MENTION} over http`), mention(`${MENTION} over the socket`)];
    const [postedBody, pushedBody] = [callback(posted), callback(pushed)];
    await server[Symbol.asyncDispose]();
    const answer = await post(ingress, postedBody);
    expect(answer.status).to.equal(503);
    expect(JSON.parse(answer.text).error).to.equal("not-stored");
    expect(await harness.slack.deliver(pushedBody, { timeoutMs: 500 })).to.equal(undefined);
    expect(await isReady(ingress.internalPort)).to.equal(false);

    server = await startRedis({ dataDir, port });
    await until(() => isReady(ingress.internalPort), { what: "the ingress to be ready again" });
    await until(() => isReady(socketIngress.internalPort), { what: "the other ingress to be ready again" });
    expect((await post(ingress, postedBody, { headers: { "x-slack-retry-num": "1" } })).status).to.equal(200);
    expect(await harness.slack.deliver(pushedBody)).not.to.equal(undefined);
    for (const { ts } of [posted, pushed]) await expectOneMessage(ts);
  });

  it("that is also so when Redis is read-only", async () => {
    const event = mention(`${MENTION} to a replica`);
    await harness.redis.replicaof("127.0.0.1", 1);
    expect((await post(ingress, callback(event))).status).to.equal(503);
    await harness.redis.replicaof("NO", "ONE");
    await until(() => isReady(ingress.internalPort), { what: "the ingress to be connected again" });
    expect((await post(ingress, callback(event))).status).to.equal(200);
    await expectOneMessage(event.ts);
  });

  it("that is also so when Redis is full, or has lost the replicas it must have", async () => {
    const [full, lonely] = [mention(`${MENTION} to a full one`), mention(`${MENTION} to a lonely one`)];
    await harness.redis.config("SET", "maxmemory", "1");
    expect((await post(ingress, callback(full))).status).to.equal(503);
    expect(await harness.slack.deliver(callback(full), { timeoutMs: 500 })).to.equal(undefined);
    await harness.redis.config("SET", "maxmemory", "0");
    await harness.redis.config("SET", "min-replicas-to-write", "1");
    for (const body of [callback(lonely), press("stop", full.ts)])
      expect((await post(ingress, body)).status).to.equal(503);
    await harness.redis.config("SET", "min-replicas-to-write", "0");
    for (const event of [full, lonely]) expect((await post(ingress, callback(event))).status).to.equal(200);
    for (const { ts } of [full, lonely]) await expectOneMessage(ts);
  });

  it("that is also so when Redis does not answer in time, though it may have taken the message", async () => {
    const event = mention(`${MENTION} slowly`);
    await harness.redis.client("PAUSE", 2_600, "WRITE");
    expect((await post(ingress, callback(event))).status).to.equal(503);
    await harness.redis.client("UNPAUSE");
    expect((await post(ingress, callback(event))).status).to.equal(200);
    await expectOneMessage(event.ts);
  });

  it("a delivery under way is finished before the service stops", async () => {
    const stopped = await harness.start();
    const event = mention(`${MENTION} just in time`);
    // The list shows each connection's last command, also one that is over.
    const writing = async () => String(await harness.redis.client("LIST")).split("cmd=zadd").length;
    const before = await writing();
    await harness.redis.client("PAUSE", 400, "WRITE");
    const answer = post(stopped, callback(event));
    await until(async () => (await writing()) > before, { what: "the delivery" });
    await stopped[Symbol.asyncDispose]();
    expect((await answer).status).to.equal(200);
    await expectOneMessage(event.ts);
  });
});

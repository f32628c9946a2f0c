import { freePort, temporaryFolder, until } from "@peerbot/testing";
import { type RunningRedis, startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
import { callback, keyOf, MENTION, mention } from "./support/payloads.ts";
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
    expect((await post(ingress, callback(event))).status).to.equal(200);
    await expectOneMessage(event.ts);
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
    await harness.redis.client("PAUSE", 400, "WRITE");
    const answer = post(stopped, callback(event));
    await until(async () => String(await harness.redis.client("LIST")).includes("cmd=zadd"), { what: "the delivery" });
    await stopped[Symbol.asyncDispose]();
    expect((await answer).status).to.equal(200);
    await expectOneMessage(event.ts);
  });
});

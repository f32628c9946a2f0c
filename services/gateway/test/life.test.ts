import { testRedis, until } from "@peerbot/testing";
import { expect } from "chai";
import { sse } from "./support/claude-double.ts";
import { type GatewayUnderTest, startGateway } from "./support/gateway-under-test.ts";
import { startTcpProxy } from "./support/tcp-proxy.ts";

describe("the gateway's life", () => {
  const ready = (gateway: GatewayUnderTest) => fetch(`http://127.0.0.1:${gateway.gateway.internalPort}/ready`);

  it("is ready while GitHub and the Claude API are away", async () => {
    await using gateway = await startGateway({
      ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
      GITHUB_API_URL: "http://127.0.0.1:9",
      GITHUB_GIT_URL: "http://127.0.0.1:9",
    });
    expect((await ready(gateway)).status).to.equal(200);
  });

  it("is not ready when conversations have no place, and says why", async () => {
    await using gateway = await startGateway({ CONVERSATION_DIRECTORY: "/dev/null/conversations" });
    const answer = await ready(gateway);
    expect(answer.status).to.equal(503);
    expect(await answer.json())
      .to.have.property("reason")
      .that.includes("/dev/null/conversations");
  });

  it("lets a streaming answer end, sends waiting polls home and takes no new call when it stops", async () => {
    await using gateway = await startGateway();
    const run = await gateway.beginRun();
    const start = sse({ type: "message_start", message: { model: "m", usage: {} } });
    const end = sse({ type: "message_stop" });
    const held = Promise.withResolvers<void>();
    gateway.claude.answerWith(async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(start);
      await held.promise;
      response.end(end);
    });
    const answer = await fetch(`${gateway.url}/anthropic/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": run.modelToken, "content-type": "application/json" },
      body: "{}",
    });
    const looksBefore = await gateway.scriptsRun();
    const poll = gateway.call("GET", "/v1/inbox?waitSeconds=30", { token: run.runToken });
    await until(async () => (await gateway.scriptsRun()) > looksBefore, { what: "the poll to wait" });

    const began = performance.now();
    const stopped = gateway.gateway[Symbol.asyncDispose]();
    expect((await poll).body).to.deep.equal({ entries: [] });
    const newCall = await gateway.call("GET", "/v1/assignment", { token: run.runToken }).catch(() => ({ status: 503 }));
    expect(newCall.status).to.equal(503);
    held.resolve();
    expect(await answer.text()).to.equal(start + end);
    await stopped;
    expect(performance.now() - began).to.be.below(3_000);
  });

  it("says so while Redis is away, breaks no stream, and goes on by itself once it is back", async () => {
    await using redis = await testRedis();
    const { hostname, port } = new URL(redis.url);
    await using cable = await startTcpProxy({ host: hostname, port: Number(port) });
    await using gateway = await startGateway({ REDIS_URL: `redis://127.0.0.1:${cable.port}` });
    const run = await gateway.beginRun();
    const held = Promise.withResolvers<void>();
    gateway.claude.answerWith(async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: {}\n\n");
      await held.promise;
      response.end("data: {}\n\n");
    });
    const ask = () =>
      fetch(`${gateway.url}/anthropic/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": run.modelToken, "content-type": "application/json" },
        body: "{}",
      });
    const streaming = await ask();

    await cable.cut();
    const refused = await until(
      async () => {
        const answer = await gateway.call("GET", "/v1/assignment", { token: run.runToken });
        return answer.status === 200 ? undefined : answer;
      },
      { what: "Redis to be missed" },
    );
    expect(refused.status).to.equal(503);
    expect(refused.body).to.have.nested.property("error.code", "redis-away");
    expect((await ready(gateway)).status).to.equal(503);
    expect(await (await ask()).json()).to.have.nested.property("error.type", "api_error");

    await cable.restore();
    const isBack = async () => (await gateway.call("GET", "/v1/assignment", { token: run.runToken })).status === 200;
    await until(isBack, { what: "the gateway to go on" });
    held.resolve();
    expect(await streaming.text()).to.equal("data: {}\n\ndata: {}\n\n");
  });

  it("says the same while Redis does not answer, although its connection stands", async () => {
    await using redis = await testRedis();
    const { hostname, port } = new URL(redis.url);
    await using cable = await startTcpProxy({ host: hostname, port: Number(port) });
    await using gateway = await startGateway({ REDIS_URL: `redis://127.0.0.1:${cable.port}` });
    const run = await gateway.beginRun();
    cable.hush();
    const answer = await gateway.call("GET", "/v1/assignment", { token: run.runToken });
    expect(answer.status).to.equal(503);
    expect(answer.body).to.have.nested.property("error.code", "redis-away");
    await cable.cut();
    await cable.restore();
  });
});

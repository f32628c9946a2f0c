import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type ClaudeScript, sendJson, sse } from "./support/claude-double.ts";
import { type GatewayUnderTest, SECRETS, startGateway, type TestRun } from "./support/gateway-under-test.ts";

const messageStart = sse({
  type: "message_start",
  message: { model: "claude-opus-5-5", usage: { input_tokens: 7, output_tokens: 1, cache_read_input_tokens: 90 } },
});
const messageEnd = [
  sse({ type: "message_delta", delta: {}, usage: { output_tokens: 30 } }),
  sse({ type: "message_stop" }),
].join("");

describe("the model proxy", () => {
  let gateway: GatewayUnderTest;
  let run: TestRun;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());
  beforeEach(async () => {
    run = await gateway.beginRun();
    gateway.claude.requests.length = 0;
    gateway.claude.answerWith((response) => sendJson(response, 200, { type: "message" }));
  });

  const url = (path: string) => `${gateway.url}/anthropic${path}`;
  const ask = (path = "/v1/messages?beta=true", init: RequestInit = {}) =>
    fetch(url(path), {
      method: "POST",
      headers: { "x-api-key": run.modelToken, "content-type": "application/json", "anthropic-version": "2023-06-01" },
      body: JSON.stringify({ model: "opus", stream: true }),
      ...init,
    });

  /** A stream that waits after its first event until told to go on. */
  function heldStream() {
    const held = Promise.withResolvers<void>();
    const script: ClaudeScript = async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_1" });
      response.write(messageStart);
      await held.promise;
      response.end(messageEnd);
    };
    gateway.claude.answerWith(script);
    return { release: () => held.resolve() };
  }

  it("puts the real key in the place of the worker's token, whichever way that came", async () => {
    for (const credential of [{ "x-api-key": run.modelToken }, { authorization: `Bearer ${run.modelToken}` }]) {
      const headers = { ...credential, "anthropic-beta": "a,b", "x-forwarded-for": "1.2.3.4", cookie: "c=1" };
      expect((await ask(undefined, { headers })).status).to.equal(200);
    }
    for (const { url: asked, headers } of gateway.claude.requests) {
      expect(asked).to.equal("/v1/messages?beta=true");
      expect(headers).to.include({ "x-api-key": SECRETS.anthropicKey, "anthropic-beta": "a,b" });
      expect(headers).not.to.have.any.keys("authorization", "cookie", "x-forwarded-for");
      expect(JSON.stringify(headers)).not.to.include(run.modelToken);
    }
    expect(gateway.claude.requests).to.have.length(2);
  });

  it("shows the worker nothing of the key", async () => {
    const answer = await ask();
    const seen = JSON.stringify([...answer.headers]) + (await answer.text());
    expect(seen).not.to.include(SECRETS.anthropicKey);
  });

  it("passes the body on as it is", async () => {
    const body = JSON.stringify({ text: "ü".repeat(500_000) });
    await ask(undefined, { body });
    expect(gateway.claude.requests[0]?.body).to.equal(body);
  });

  it("passes each piece of an answer on before the answer ends", async () => {
    const { release } = heldStream();
    const answer = await ask();
    expect(answer.headers.get("content-type")).to.equal("text/event-stream");
    expect(answer.headers.get("request-id")).to.equal("req_1");
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).to.equal(messageStart);
    release();
    expect((await reader?.read())?.value).to.equal(messageEnd);
    expect((await reader?.read())?.done).to.equal(true);
  });

  it("counts tokens by model and direction", async () => {
    await gateway.redis.redis.ping();
    const tokens = async (direction: string) =>
      Number(
        new RegExp(
          `peerbot_model_tokens_total\\{model="claude-opus-5-5",direction="${direction}",service="gateway"\\} (\\d+)`,
        ).exec(await gateway.metrics())?.[1] ?? 0,
      );
    const before = { input: await tokens("input"), output: await tokens("output"), read: await tokens("cache-read") };
    const { release } = heldStream();
    release();
    await (await ask()).text();
    expect((await tokens("input")) - before.input).to.equal(7);
    expect((await tokens("output")) - before.output).to.equal(30);
    expect((await tokens("cache-read")) - before.read).to.equal(90);
  });

  it("keeps the number of models in its metrics small, whatever a worker asks for", async () => {
    for (let asked = 0; asked < 60; asked += 1) {
      const model = asked === 0 ? `no"name\n${"x".repeat(500)}` : `made-up-${asked}`;
      const usage = { input_tokens: 1, output_tokens: 1 };
      gateway.claude.answerWith((response) => sendJson(response, 200, { type: "message", model, usage }));
      await (await ask()).text();
    }
    const lines = (await gateway.metrics()).split("\n").filter((line) => line.startsWith("peerbot_model_tokens_total"));
    const models = new Set(lines.map((line) => /model="([^"]*)"/.exec(line)?.[1]));
    expect(models.size).to.be.within(2, 51);
    expect(models).to.include("other");
    expect(lines.join()).not.to.include("no\\");
  });

  it("asks the API for the address it knows, however the worker spells it", async () => {
    const spellings = [
      "/%61nthropic/v1/messages?a=1",
      "http://abcdef/anthropic/v1/messages?a=1",
      "/anthropic/v1/messages?a=1#/../x",
    ];
    for (const path of spellings) {
      const headers = { "x-api-key": run.modelToken, "content-type": "application/json" };
      const sent = httpRequest({ port: gateway.gateway.port, method: "POST", path, headers }).end("{}");
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      answer.resume();
      expect(answer.statusCode, path).to.equal(200);
    }
    expect(gateway.claude.requests.map(({ url: asked }) => asked)).to.deep.equal(
      spellings.map(() => "/v1/messages?a=1"),
    );
  });

  it("tells the session of the run's first request, once", async () => {
    await ask();
    await ask();
    const events = await gateway.events.read(run.key, { afterSeq: 0 });
    expect(events.filter(({ event }) => event?.type === "model-requested")).to.have.length(1);
  });

  it("passes errors with status, wait and id as the API gave them", async () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    for (const status of [400, 401, 429, 500, 529]) {
      gateway.claude.answerWith((response) =>
        sendJson(response, status, error, { "retry-after": "7", "request-id": "req_2", "set-cookie": "a=b" }),
      );
      const answer = await ask();
      expect(answer.status).to.equal(status);
      expect(await answer.json()).to.deep.equal(error);
      expect(answer.headers.get("retry-after")).to.equal("7");
      expect(answer.headers.get("request-id")).to.equal("req_2");
      expect(answer.headers.get("set-cookie")).to.equal(null);
    }
    expect(await gateway.metrics()).to.match(/peerbot_model_requests_total\{status="529",service="gateway"\} 1/);
  });

  it("forwards only the addresses an agent needs", async () => {
    expect((await ask("/v1/messages/count_tokens?beta=true")).status).to.equal(200);
    const { "x-api-key": key } = { "x-api-key": run.modelToken };
    expect((await fetch(url("/api/hello"), { method: "HEAD", headers: { "x-api-key": key } })).status).to.equal(200);
    expect(gateway.claude.requests.map(({ method, url: asked }) => `${method} ${asked}`)).to.deep.equal([
      "POST /v1/messages/count_tokens?beta=true",
      "HEAD /api/hello",
    ]);
    for (const path of [
      "/v1/files",
      "/v1/messages/batches",
      "/v1/organizations/me",
      "/v1/messages/../files",
      "//v1/messages",
    ]) {
      const answer = await ask(path);
      expect(answer.status, path).to.equal(404);
      expect(await answer.json()).to.have.nested.property("error.type", "not_found_error");
    }
    expect(gateway.claude.requests).to.have.length(2);
  });

  it("refuses in the API's own error shape, and asks not to try again once fenced", async () => {
    const missing = await ask(undefined, { headers: {} });
    expect(missing.status).to.equal(401);
    expect(await missing.json()).to.have.nested.property("error.type", "authentication_error");
    await gateway.supersede(run);
    const refused = await ask();
    expect(refused.status).to.equal(409);
    expect(refused.headers.get("x-should-retry")).to.equal("false");
    expect(await refused.json()).to.have.property("type", "error");
  });

  it("stops asking the API when the worker goes away", async () => {
    heldStream();
    const leaving = new AbortController();
    const answer = await ask(undefined, { signal: leaving.signal });
    await answer.body?.getReader().read();
    leaving.abort();
    await until(() => gateway.claude.requests[0]?.isAbandoned, { what: "the API to see the caller leave" });
  });

  it("stops asking when the worker goes away before the API answers", async () => {
    gateway.claude.answerWith(() => {});
    const leaving = new AbortController();
    const answer = ask(undefined, { signal: leaving.signal }).catch(() => undefined);
    await until(() => gateway.claude.requests.length > 0, { what: "the request to arrive" });
    leaving.abort();
    await answer;
    await until(() => gateway.claude.requests[0]?.isAbandoned, { what: "the API to see the caller leave" });
  });

  it("cuts the stream of a run that is fenced while it streams", async () => {
    heldStream();
    const answer = await ask();
    const reader = answer.body?.getReader();
    await reader?.read();
    await gateway.supersede(run);
    const end = await reader?.read().then(
      () => "went on",
      () => "was cut",
    );
    expect(end).to.equal("was cut");
    await until(() => gateway.claude.requests[0]?.isAbandoned, { what: "the API to be hung up on" });
  });

  it("breaks off a stream on which nothing comes any more", async () => {
    await using impatient = await startGateway({ MODEL_IDLE_TIMEOUT_SECONDS: "1" });
    const { modelToken } = await impatient.beginRun();
    impatient.claude.answerWith((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(messageStart);
    });
    const answer = await fetch(`${impatient.url}/anthropic/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": modelToken, "content-type": "application/json" },
      body: "{}",
    });
    expect(await answer.text().catch(() => "broke off")).to.equal("broke off");
  });

  it("breaks the stream off when the API does, rather than pretend it ended", async () => {
    gateway.claude.answerWith((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(messageStart, () => response.destroy());
    });
    const answer = await ask();
    expect(await answer.text().catch(() => "broke off")).to.equal("broke off");
  });

  it("refuses a body beyond the API's limit without keeping it", async () => {
    const answer = await ask(undefined, { body: "x".repeat(33 * 1024 * 1024) });
    expect(answer.status).to.equal(413);
    expect(await answer.json()).to.have.nested.property("error.type", "request_too_large");
  });

  it("answers 502 in the API's error shape when the API cannot be reached", async () => {
    await using lonely = await startGateway({ ANTHROPIC_BASE_URL: "http://127.0.0.1:9" });
    const { modelToken } = await lonely.beginRun();
    const outgoing = httpRequest(`${lonely.url}/anthropic/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": modelToken, "content-type": "application/json" },
      agent: false,
    });
    outgoing.end("{}");
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const body = (await answer.toArray()).join("");
    expect(answer.statusCode).to.equal(502);
    expect(JSON.parse(body)).to.have.nested.property("error.type", "api_error");
    expect(await lonely.metrics()).to.match(/peerbot_model_requests_total\{status="unreachable",service="gateway"\} 1/);
  });
});

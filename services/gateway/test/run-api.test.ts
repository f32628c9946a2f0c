import { InboxPage } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type GatewayUnderTest, startGateway, type TestRun } from "./support/gateway-under-test.ts";

describe("the run's API", () => {
  let gateway: GatewayUnderTest;
  let run: TestRun;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());
  beforeEach(async () => {
    run = await gateway.beginRun();
  });

  const call = (method: string, path: string, body?: unknown) =>
    gateway.call(method, path, { token: run.runToken, ...(body === undefined ? {} : { body }) });
  const textsOf = (body: unknown) =>
    InboxPage.parse(body).entries.map(({ message }) => ("text" in message ? message.text : message.kind));

  describe("inbox", () => {
    it("gives what came after an entry, oldest first", async () => {
      for (const text of ["one", "two", "three"]) await gateway.say(run, text);
      const all = await call("GET", "/v1/inbox");
      expect(textsOf(all.body)).to.deep.equal(["one", "two", "three"]);
      const first = InboxPage.parse(all.body).entries[0]?.inboxId;
      expect(textsOf((await call("GET", `/v1/inbox?after=${first}`)).body)).to.deep.equal(["two", "three"]);
    });

    it("wakes a waiting poll as soon as a message comes", async () => {
      const began = performance.now();
      const looksBefore = await gateway.scriptsRun();
      const poll = call("GET", "/v1/inbox?waitSeconds=20");
      await until(async () => (await gateway.scriptsRun()) > looksBefore, { what: "the poll to wait" });
      await gateway.say(run, "hello");
      expect(textsOf((await poll).body)).to.deep.equal(["hello"]);
      expect(performance.now() - began).to.be.below(4_000);
    });

    it("answers an empty page when nothing came in time", async () => {
      expect((await call("GET", "/v1/inbox?waitSeconds=0.2")).body).to.deep.equal({ entries: [] });
    });

    it("lets many polls wait without a connection to Redis each", async () => {
      const connectionsBefore = await connections();
      const looksBefore = await gateway.scriptsRun();
      const leaving = new AbortController();
      const polls = Array.from({ length: 40 }, () =>
        fetch(`${gateway.url}/v1/inbox?waitSeconds=20`, {
          headers: { authorization: `Bearer ${run.runToken}` },
          signal: leaving.signal,
        }).catch(() => undefined),
      );
      await until(async () => (await gateway.scriptsRun()) >= looksBefore + 40, { what: "40 polls to wait" });
      expect(await connections()).to.equal(connectionsBefore);
      leaving.abort();
      await Promise.all(polls);
    });

    it("refuses an id that is none and a wait that is too long", async () => {
      const answer = await call("GET", "/v1/inbox?after=latest&waitSeconds=31");
      expect(answer.status).to.equal(400);
      expect(answer.body).to.have.nested.property("error.code", "bad-request");
      expect(answer.body)
        .to.have.nested.property("error.message")
        .that.match(/after: .*; waitSeconds: /);
    });

    async function connections(): Promise<number> {
      const list = await gateway.redis.redis.client("LIST");
      return String(list).trim().split("\n").length;
    }
  });

  describe("events", () => {
    const said = (n: number) => ({ n, event: { type: "text", text: `part ${n}` } });
    const texts = async () =>
      (await gateway.events.read(run.key, { afterSeq: 0 })).flatMap(({ event }) =>
        event?.type === "text" ? [event.text] : [],
      );

    it("stores each numbered event once, in order, however often a batch is sent", async () => {
      expect((await call("POST", "/v1/events", { events: [said(1), said(2)] })).body).to.deep.equal({ lastN: 2 });
      expect((await call("POST", "/v1/events", { events: [said(1), said(2)] })).body).to.deep.equal({ lastN: 2 });
      expect((await call("POST", "/v1/events", { events: [said(2), said(3)] })).body).to.deep.equal({ lastN: 3 });
      expect(await texts()).to.deep.equal(["part 1", "part 2", "part 3"]);
    });

    it("stores nothing beyond a gap and says where to go on", async () => {
      expect((await call("POST", "/v1/events", { events: [said(1), said(4)] })).body).to.deep.equal({ lastN: 1 });
      expect(await texts()).to.deep.equal(["part 1"]);
    });

    it("refuses unknown events, empty batches and what is no JSON, naming the fields", async () => {
      const unknown = await call("POST", "/v1/events", { events: [{ n: 1, event: { type: "finished" } }] });
      expect(unknown.status).to.equal(400);
      expect(unknown.body).to.have.nested.property("error.message").that.includes("events.0.event");
      expect((await call("POST", "/v1/events", { events: [] })).status).to.equal(400);
      expect((await call("POST", "/v1/events", "{")).status).to.equal(400);
      expect((await call("POST", "/v1/events", "x".repeat(1024 * 1024 + 1))).status).to.equal(413);
    });
  });

  describe("finish", () => {
    const request = (handledThrough: string, isForced = false) => ({
      event: { type: "finished", outcome: "no-changes", branch: run.record.branch },
      handledThrough,
      isForced,
    });

    it("ends the run and gives the same answer again", async () => {
      expect((await call("POST", "/v1/finish", request("0-0"))).body).to.deep.equal({ status: "finished" });
      expect((await call("POST", "/v1/finish", request("0-0"))).body).to.deep.equal({ status: "finished" });
      const finished = (await gateway.events.read(run.key, { afterSeq: 0 })).filter(
        ({ event }) => event?.type === "finished",
      );
      expect(finished).to.have.length(1);
      expect((await call("GET", "/v1/assignment")).status).to.equal(409);
    });

    it("goes on with messages that came meanwhile, unless forced", async () => {
      await gateway.say(run, "one more thing");
      expect((await call("POST", "/v1/finish", request("0-0"))).body).to.deep.equal({ status: "more-messages" });
      expect((await gateway.runs.current(run.key))?.state).to.equal("live");
      expect((await call("POST", "/v1/finish", request("0-0", true))).body).to.deep.equal({ status: "finished" });
    });
  });

  it("answers unknown addresses in the same shape as every failure", async () => {
    const answer = await call("GET", "/v2/everything");
    expect(answer.status).to.equal(404);
    expect(answer.body).to.have.nested.property("error.code", "not-found");
  });
});

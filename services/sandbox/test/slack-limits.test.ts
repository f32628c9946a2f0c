import { expect } from "chai";
import type { Ledger } from "../src/control/api.ts";
import { errorOf, openWorkbench, type Workbench } from "./slack-workbench.ts";

const GENERAL = "C0GENERAL1";

describe("Slack stand-in: rate limits", () => {
  let bench: Workbench;
  let now = 1_800_000_000_000;
  beforeEach(async () => {
    bench = await openWorkbench({ rateLimits: { isEnabled: true, scale: 1 }, now: () => now });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const call = (method: string, args: Record<string, string>) =>
    fetch(`${bench.url}/slack/api/${method}`, {
      method: "POST",
      headers: { authorization: "Bearer xoxb-test" },
      body: new URLSearchParams(args),
    });

  it("allows a tier-3 method 50 calls a minute, and says when to come again", async () => {
    const { ts } = await bench.say({ user: "ada", channel: "general", text: "x" });
    const read = () => call("conversations.replies", { channel: GENERAL, ts });
    for (let count = 0; count < 50; count += 1) expect((await read()).status).to.equal(200);
    now += 20_000;
    const refused = await read();
    expect(refused.status).to.equal(429);
    expect(refused.headers.get("retry-after")).to.equal("40");
    expect(await refused.json()).to.deep.equal({ ok: false, error: "ratelimited" });
    expect((await call("conversations.info", { channel: GENERAL })).status).to.equal(200);
    now += 40_000;
    expect((await read()).status).to.equal(200);
  });

  it("allows a small burst of posts in a channel, then one a second; other channels have their own", async () => {
    const post = (channel: string) => call("chat.postMessage", { channel, text: "x" });
    const statuses = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await post(GENERAL)).status);
    expect(statuses).to.deep.equal([200, 200, 200, 200, 429]);
    expect((await post("C0DEV00001")).status).to.equal(200);
    now += 1_000;
    expect([(await post(GENERAL)).status, (await post(GENERAL)).status]).to.deep.equal([200, 429]);
  });

  it("is what the real client understands", async () => {
    for (let count = 0; count < 4; count += 1) await bench.client.chat.postMessage({ channel: GENERAL, text: "x" });
    const failure = await bench.client.chat
      .postMessage({ channel: GENERAL, text: "x" })
      .catch((error: unknown) => error);
    expect(failure).to.include({ retryAfter: 1 });
  });
});

describe("Slack stand-in: faults", () => {
  let bench: Workbench;
  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench[Symbol.asyncDispose]());
  afterEach(() => bench.control("faults", undefined, "DELETE"));

  const post = (text: string) =>
    bench.clientWith("xoxb-test", { timeout: 200 }).chat.postMessage({ channel: GENERAL, text });
  const texts = async () =>
    (await bench.control<{ messages: { text: string }[] }>("messages?channel=general")).messages.map(
      ({ text }) => text,
    );

  it("fails as often as asked, and only the method asked", async () => {
    await bench.control("faults", { method: "chat.postMessage", kind: "error", error: "missing_scope", count: 2 });
    expect((await bench.client.auth.test()).ok).to.equal(true);
    expect(await errorOf(post("a"))).to.equal("missing_scope");
    expect(await errorOf(post("b"))).to.equal("missing_scope");
    expect((await post("c")).ok).to.equal(true);
    expect(await texts()).to.not.include.members(["a", "b"]);
  });

  it("loses the answer of a call that took effect", async () => {
    await bench.control("faults", { kind: "500-after-effect" });
    expect(await errorOf(post("posted all the same"))).to.contain("500");
    expect(await texts()).to.include("posted all the same");
  });

  it("can refuse with and without saying for how long, break down, stay silent and hang up", async () => {
    const statuses = async (fault: object) => {
      await bench.control("faults", fault);
      const headers = { authorization: "Bearer xoxb-test" };
      const request = fetch(`${bench.url}/slack/api/auth.test`, {
        method: "POST",
        headers,
        signal: AbortSignal.timeout(200),
      });
      return request.then(
        (response) => `${response.status} ${response.headers.get("retry-after")}`,
        (error: Error) => error.name,
      );
    };
    expect(await statuses({ kind: "429", retryAfterSeconds: 7 })).to.equal("429 7");
    expect(await statuses({ kind: "429-without-header" })).to.equal("429 null");
    expect(await statuses({ kind: "500" })).to.equal("500 null");
    expect(await statuses({ kind: "timeout" })).to.equal("TimeoutError");
    expect(await statuses({ kind: "disconnect" })).to.equal("TypeError");
    expect(await bench.control("faults")).to.deep.include({ faults: [] });
  });

  it("writes every call into the ledger in order, without the token", async () => {
    const root = await bench.say({ user: "ada", channel: "general", text: "ledger" });
    const place = { channel: GENERAL, thread_ts: root.ts };
    const { ts = "" } = await bench.client.chat.postMessage({ ...place, text: "a", blocks: [{ type: "divider" }] });
    await bench.control("faults", { kind: "500" });
    await errorOf(bench.client.chat.update({ channel: GENERAL, ts, text: "b" }));
    const { calls } = await bench.control<Ledger>(`ledger?channel=general&threadTs=${root.ts}`);
    expect(calls.map(({ method, httpStatus }) => `${method} ${httpStatus}`)).to.deep.equal([
      "chat.postMessage 200",
      "chat.update 500",
    ]);
    expect(calls[0]?.args.blocks).to.deep.equal([{ type: "divider" }]);
    expect(JSON.stringify(calls)).not.to.contain("xoxb-test");
  });
});

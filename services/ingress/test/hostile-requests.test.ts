import { expect } from "chai";
import { callback, MENTION, mention, press } from "./support/payloads.ts";
import { IngressHarness, post, SIGNING_SECRET } from "./support/start-ingress.ts";

describe("A request to the ingress", () => {
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;

  before(async () => {
    harness = await IngressHarness.create();
    ingress = await harness.start();
  });
  after(() => harness[Symbol.asyncDispose]());

  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const errorIn = ({ text }: { text: string }) => JSON.parse(text).error;

  it("is refused with 401 when its signature is wrong or missing, and leaves no trace", async () => {
    const event = mention(`${MENTION} hack`);
    const forged = await post(ingress, callback(event), { secret: `${SIGNING_SECRET}x` });
    expect(forged.status).to.equal(401);
    expect(errorIn(forged)).to.equal("signature-forged");
    const cut = await post(ingress, callback(event), { headers: { "x-slack-signature": "v0=abc" } });
    expect(cut.status).to.equal(401);
    const unsigned = await fetch(`http://127.0.0.1:${ingress.port}/slack/events`, { method: "POST", body: "{}" });
    expect(unsigned.status).to.equal(401);
    expect(await harness.inbox(event.ts)).to.deep.equal([]);
  });

  it("is refused with 401 when it is dated more than five minutes back or ahead, though rightly signed", async () => {
    for (const offset of [-301, 302, 3600]) {
      const answer = await post(ingress, callback(mention(`${MENTION} replay`)), { timestamp: nowSeconds() + offset });
      expect(answer.status, `offset ${offset}`).to.equal(401);
      expect(errorIn(answer)).to.equal("signature-stale");
    }
    for (const offset of [-290, 290]) {
      const answer = await post(ingress, callback(mention(`${MENTION} on time`)), { timestamp: nowSeconds() + offset });
      expect(answer.status, `offset ${offset}`).to.equal(200);
    }
  });

  it("is refused with 403 for good when it is of another workspace", async () => {
    const event = mention(`${MENTION} hello`);
    const answer = await post(ingress, callback(event, { team: "T0OTHER" }));
    expect(answer).to.include({ status: 403, noRetry: "1" });
    expect(errorIn(answer)).to.equal("unknown-team");
    expect(await harness.inbox(event.ts)).to.deep.equal([]);
  });

  it("is refused with 413 when it is larger than 1 MB", async () => {
    const answer = await post(ingress, callback(mention("x".repeat(1_100_000))));
    expect(answer.status).to.equal(413);
    expect(errorIn(answer)).to.equal("body-too-large");
  });

  it("is refused with 400 when it is signed but no JSON object, or no delivery", async () => {
    for (const body of ["{", "", "[]", "null", '"text"']) {
      const answer = await post(ingress, body);
      expect(answer.status, body).to.equal(400);
      expect(errorIn(answer)).to.equal("malformed-body");
    }
    for (const body of [{}, { type: "event_callback", team_id: "T0HOME" }, { type: "event_callback", event: null }]) {
      const answer = await post(ingress, body);
      expect(answer.status, JSON.stringify(body)).to.equal(400);
      expect(errorIn(answer)).to.equal("not-a-delivery");
    }
    const form = await post(ingress, "payload=%7B", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(form.status).to.equal(400);
  });

  it("is answered without being taken when its event has an unknown shape", async () => {
    const answer = await post(ingress, callback({ type: "message", channel: "elsewhere", ts: "yesterday" }));
    expect(answer.status).to.equal(200);
  });

  it("is answered with the challenge when Slack verifies the address, if it is signed", async () => {
    const body = { type: "url_verification", challenge: "3eZbrw1aB", token: "legacy" };
    expect(await post(ingress, body)).to.include({ status: 200, text: '{"challenge":"3eZbrw1aB"}' });
    expect((await post(ingress, body, { secret: "wrong" })).status).to.equal(401);
  });

  it("is answered when Slack checks the certificate, and when it says that it drops events", async () => {
    const response = await fetch(`http://127.0.0.1:${ingress.port}/slack/events`, {
      method: "POST",
      body: new URLSearchParams({ ssl_check: "1", token: "legacy" }),
    });
    expect(response.status).to.equal(200);
    const limited = {
      type: "app_rate_limited",
      team_id: "T0HOME",
      minute_rate_limited: 1_518_467_820,
      api_app_id: "A1",
    };
    expect((await post(ingress, limited)).status).to.equal(200);
  });

  it("may bring an interaction to either address", async () => {
    const pressed = press("open-pull-request", "1790000000.000100");
    expect((await post(ingress, pressed, { path: "/slack/events" })).status).to.equal(200);
    expect((await post(ingress, pressed, { path: "/slack/interactive" })).status).to.equal(200);
    expect((await post(ingress, pressed, { path: "/slack/elsewhere" })).status).to.equal(404);
  });

  it("is asked for again with 503 until Slack has said who the bot is", async () => {
    await using early = await IngressHarness.create();
    early.slack.answers["auth.test"] = () => ({ ok: false, error: "internal_error" });
    const waiting = await early.start({}, { waitUntilReady: false });
    expect((await post(waiting, callback(mention(`${MENTION} early`)))).status).to.equal(503);
    expect((await post(waiting, { type: "url_verification", challenge: "c" })).status).to.equal(200);
    const ready = await fetch(`http://127.0.0.1:${waiting.internalPort}/ready`);
    expect(ready.status).to.equal(503);
    expect(await ready.text()).to.contain("auth.test");
  });

  it("waits in vain when Slack refuses the bot token: the service ends and says what to do", async () => {
    await using refused = await IngressHarness.create();
    refused.slack.answers["auth.test"] = () => ({ ok: false, error: "invalid_auth" });
    const { failed } = await refused.start({}, { waitUntilReady: false });
    const error = await failed.catch((reason: Error) => reason);
    expect(error.message).to.match(/Slack refused SLACK_BOT_TOKEN \(invalid_auth\)\. Copy the Bot User OAuth Token/);
  });
});

import { until } from "@peerbot/testing";
import { expect } from "chai";
import { callback, MENTION, mention, press } from "./support/payloads.ts";
import { IngressHarness, isReady } from "./support/start-ingress.ts";

describe("Socket Mode", () => {
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;

  // One of these ends the process, but mocha does not count them.
  const strays: unknown[] = [];
  const noteStray = (reason: unknown) => strays.push(reason);
  before(() => process.on("unhandledRejection", noteStray));
  after(() => process.off("unhandledRejection", noteStray));

  beforeEach(async () => {
    harness = await IngressHarness.create();
    ingress = await harness.start({ SLACK_MODE: "socket" });
  });
  afterEach(async () => {
    await harness[Symbol.asyncDispose]();
    expect(strays).to.deep.equal([]);
  });

  it("acknowledges a delivery when it is in the inbox, and takes it once", async () => {
    const event = mention(`${MENTION} over the socket`);
    const body = callback(event);
    expect(await harness.slack.deliver(body)).not.to.equal(undefined);
    expect(await harness.inbox(event.ts)).to.have.length(1);
    expect(await harness.slack.deliver(body)).not.to.equal(undefined);
    expect(await harness.inbox(event.ts)).to.have.length(1);
    expect(await harness.slack.deliver(press("stop", event.ts), { type: "interactive" })).not.to.equal(undefined);
    expect((await harness.inbox(event.ts)).map(({ kind }) => kind)).to.deep.equal(["said", "stop"]);
    expect(ingress.port).to.equal(undefined);
  });

  it("survives frames and deliveries it cannot read", async () => {
    for (const frame of ["{", "null", '{"type":"events_api","envelope_id":"x"}']) harness.slack.send(frame);
    expect(await harness.slack.deliver({ type: "event_callback", event: { type: "message" } })).not.to.equal(undefined);
    const event = mention(`${MENTION} still here`);
    expect(await harness.slack.deliver(callback(event))).not.to.equal(undefined);
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("connects again when Slack renews the connection or breaks it", async () => {
    harness.slack.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested", debug_info: { host: "h" } }));
    const opened = () => harness.slack.calls.filter((method) => method === "apps.connections.open").length;
    await until(() => opened() === 2 && isReady(ingress.internalPort), { what: "the renewed connection" });
    for (const socket of harness.slack.sockets) socket.terminate();
    await until(() => opened() === 3 && isReady(ingress.internalPort), { what: "the connection after the break" });
    const event = mention(`${MENTION} hello again`);
    expect(await harness.slack.deliver(callback(event))).not.to.equal(undefined);
  });

  it("ends the service, saying what to do, when the app token is revoked", async () => {
    harness.slack.answers["apps.connections.open"] = () => ({ ok: false, error: "invalid_auth" });
    for (const socket of harness.slack.sockets) socket.terminate();
    const error = await ingress.failed.catch((reason: Error) => reason);
    expect(error.message).to.match(/Slack refused SLACK_APP_TOKEN \(invalid_auth\)\. Make an app-level token/);
    expect(await isReady(ingress.internalPort)).to.equal(false);
  });

  it("finishes what is under way before it stops", async () => {
    const event = mention(`${MENTION} just in time`);
    await harness.redis.client("PAUSE", 400, "WRITE");
    const acknowledged = harness.slack.deliver(callback(event));
    await until(async () => String(await harness.redis.client("LIST")).includes("cmd=zadd"), { what: "the delivery" });
    await ingress[Symbol.asyncDispose]();
    expect(await acknowledged).not.to.equal(undefined);
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });
});

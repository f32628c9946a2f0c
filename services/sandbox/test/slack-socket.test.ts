import { until } from "@peerbot/testing";
import { SocketModeClient } from "@slack/socket-mode";
import { expect } from "chai";
import { WebSocket } from "ws";
import type { Ledger, SandboxState } from "../src/control/api.ts";
import { APP_TOKEN, openWorkbench, type Workbench } from "./slack-workbench.ts";

type Envelope = {
  body: { event: { text: string } };
  retry_num: number;
  retry_reason: string;
  ack: (body?: object) => Promise<void>;
};

describe("Slack stand-in: Socket Mode", () => {
  let bench: Workbench;
  const clients: SocketModeClient[] = [];
  beforeEach(async () => {
    bench = await openWorkbench({ answerTimeoutMs: 300, retryDelaysMs: [0, 20, 20] });
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    await bench[Symbol.asyncDispose]();
  });

  async function connect(
    onEvent: (envelope: Envelope) => Promise<void>,
    reconnects = false,
  ): Promise<SocketModeClient> {
    const client = new SocketModeClient({
      appToken: APP_TOKEN,
      autoReconnectEnabled: reconnects,
      clientPingTimeout: 300,
      clientOptions: { slackApiUrl: `${bench.url}/slack/api/` },
    });
    client.on("slack_event", (envelope: Envelope) => void onEvent(envelope).catch(() => {}));
    await client.start();
    clients.push(client);
    return client;
  }
  const connections = async () => (await bench.control<SandboxState>("state")).delivery.connections;
  const deliveryOf = async (eventId: string | undefined) =>
    (await bench.control<Ledger>("ledger")).deliveries.find((delivery) => delivery.eventId === eventId);

  it("gives each payload to one connection, in turn", async () => {
    const received: number[] = [];
    for (const index of [0, 1])
      await connect(({ ack }) => {
        received.push(index);
        return ack();
      });
    for (const text of ["a", "b", "c", "d"]) {
      const { deliveries } = await bench.say({ user: "ada", channel: "general", text });
      expect(deliveries).to.have.lengthOf(1);
      expect(deliveries[0]).to.include({ status: "accepted" });
    }
    expect(received.filter((index) => index === 0)).to.have.lengthOf(2);
    expect(received).to.have.lengthOf(4);
  });

  it("delivers again what was not acknowledged, saying so", async () => {
    const attempts: number[] = [];
    await connect(async ({ ack, retry_num }) => {
      attempts.push(retry_num);
      if (attempts.length > 1) await ack();
    });
    const { deliveries } = await bench.say({ user: "ada", channel: "general", text: "first is lost" });
    await until(async () => (await deliveryOf(deliveries[0]?.eventId))?.status === "accepted", {
      what: "the second try",
    });
    expect(attempts).to.deep.equal([0, 1]);
  });

  it("gives what a dying connection had to another", async () => {
    const survivors = new Map<string, string>();
    const victim: SocketModeClient = await connect(async () => void (await victim.disconnect()));
    await connect(({ ack, body, retry_reason }) => {
      survivors.set(body.event.text, retry_reason);
      return ack();
    });
    for (const text of ["one", "two"]) await bench.say({ user: "ada", channel: "general", text });
    await until(() => survivors.size === 2, { what: "both messages at the survivor" });
    expect([...survivors.values()].sort()).to.deep.equal(["", "connection_failed"]);
  });

  it("refreshes connections, and the client comes back by itself", async () => {
    const received: string[] = [];
    const client = await connect(({ ack, body }) => {
      received.push(body.event.text);
      return ack();
    }, true);
    const comesBack = new Promise((resolve) => client.once("connected", resolve));
    await bench.control("socket-disconnects", { reason: "refresh_requested" });
    await comesBack;
    await until(async () => (await connections()) === 1, { what: "one connection" });
    await bench.say({ user: "ada", channel: "general", text: "after" });
    expect(received).to.deep.equal(["after"]);
  });

  it("carries clicks, and the app's answer in the acknowledgement", async () => {
    const menu = { type: "external_select", action_id: "repo", placeholder: { type: "plain_text", text: "Repo" } };
    await connect(({ ack }) => ack({ options: [] }));
    const blocks = [{ type: "actions", elements: [menu] }];
    const posted = await bench.client.apiCall("chat.postMessage", { channel: "C0GENERAL1", text: "?", blocks });
    const ask = { user: "ada", channel: "general", messageTs: Reflect.get(posted, "ts"), actionId: "repo", query: "x" };
    expect((await bench.control("suggestions", ask)).response).to.deep.equal({ options: [] });
  });

  it("lets nobody in twice on one ticket, nor without one", async () => {
    const { url = "" } = await bench.clientWith(APP_TOKEN).apps.connections.open({});
    const first = new WebSocket(url);
    const [hello] = await new Promise<unknown[]>((resolve) => first.once("message", (...message) => resolve(message)));
    expect(JSON.parse(String(hello))).to.deep.include({ type: "hello", num_connections: 1 });
    const refused = await new Promise<Error>((resolve) => new WebSocket(url).once("error", resolve));
    expect(refused.message).to.contain("401");
    first.terminate();
  });
});

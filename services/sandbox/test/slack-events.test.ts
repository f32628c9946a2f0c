import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort, until } from "@peerbot/testing";
import { App, HTTPReceiver } from "@slack/bolt";
import { expect } from "chai";
import type { DeedResult, Ledger, Views } from "../src/control/api.ts";
import { BOT_TOKEN, errorOf, openWorkbench, SIGNING_SECRET, type Workbench } from "./slack-workbench.ts";

const DEV = "C0DEV00001";
const BOT = "U0PEERBOT1";

describe("Slack stand-in: an app on Bolt over HTTP", () => {
  let bench: Workbench;
  let app: App;
  const events: Record<string, unknown>[] = [];
  const bodies: Record<string, unknown>[] = [];
  const seen = (type: string, text = "") =>
    events.filter((event) => event.type === type && String(event.text).includes(text));

  before(async () => {
    const port = await freePort();
    bench = await openWorkbench({ delivery: "http", eventsUrl: `http://127.0.0.1:${port}/slack/events` });
    app = new App({
      token: BOT_TOKEN,
      receiver: new HTTPReceiver({ signingSecret: SIGNING_SECRET }),
      clientOptions: { slackApiUrl: `${bench.url}/slack/api/` },
      ignoreSelf: false,
    });
    app.use(async ({ body, payload, next }) => {
      bodies.push(body as unknown as Record<string, unknown>);
      events.push(payload as unknown as Record<string, unknown>);
      await next();
    });
    app.action("approve", async ({ ack, respond, action }) => {
      await ack();
      await respond({ text: `approved ${"value" in action ? action.value : ""}`, replace_original: true });
    });
    app.action("ask", async ({ ack, body, client }) => {
      await ack();
      if (!("trigger_id" in body)) return;
      await client.views.open({ trigger_id: body.trigger_id, view: modal() });
      await client.views
        .open({ trigger_id: body.trigger_id, view: modal() })
        .catch((error) => events.push({ type: "second", error }));
    });
    app.view("continue", async ({ ack, view }) => {
      const value = view.state.values.what?.text?.value;
      if (value === "nonsense") await ack({ response_action: "errors", errors: { what: "Say what to do." } });
      else await ack();
      events.push({ type: "submitted", text: value });
    });
    app.options("repo", async ({ ack, options }) => {
      await ack({ options: [{ text: { type: "plain_text", text: options.value }, value: options.value }] });
    });
    app.command("/agent", async ({ ack, command }) => {
      await ack(`you said ${command.text}`);
    });
    await app.start({ port, host: "127.0.0.1" });
  });
  after(async () => {
    await app.stop();
    await bench[Symbol.asyncDispose]();
  });

  it("passes Slack's handshake", async () => {
    expect(await bench.control("url-verification", {})).to.deep.equal({ ok: true });
  });

  it("delivers a mention in a channel as two events with different ids", async () => {
    const posted = await bench.say({ user: "ada", channel: "dev", text: "@peerbot fix <b> & @grace see #general" });
    const types = posted.deliveries.map(({ type, status, statuses }) => ({ type, status, statuses }));
    expect(types).to.deep.equal([
      { type: "app_mention", status: "accepted", statuses: [200] },
      { type: "message.channels", status: "accepted", statuses: [200] },
    ]);
    expect(new Set(posted.deliveries.map(({ eventId }) => eventId)).size).to.equal(2);
    const text = `<@${BOT}> fix &lt;b&gt; &amp; <@U0GRACE001> see <#C0GENERAL1|general>`;
    const [mention] = seen("app_mention", "fix");
    const wire = { text, ts: posted.ts, user: "U0ADA00001", team: "T0SANDBOX1", channel: DEV, event_ts: posted.ts };
    expect(mention).to.include(wire).and.to.have.property("client_msg_id");
    expect(seen("message", "fix")[0]).to.include({ text, channel_type: "channel" });
  });

  it("delivers a direct message and a reply once, the reply with its parent", async () => {
    const root = await bench.say({ user: "grace", channel: "@peerbot", text: "@peerbot hello" });
    expect(root.deliveries.map(({ type }) => type)).to.deep.equal(["message.im"]);
    const reply = await bench.say({ user: "grace", channel: root.channel, threadTs: root.ts, text: "and more" });
    expect(reply.threadTs).to.equal(root.ts);
    expect(seen("message", "and more")[0]).to.include({
      thread_ts: root.ts,
      parent_user_id: "U0GRACE001",
      channel_type: "im",
    });
  });

  it("names the other team of somebody who comes through Slack Connect", async () => {
    await bench.say({ user: "alan", channel: "partners", text: "@peerbot hi from afar" });
    expect(seen("app_mention", "from afar")[0]).to.include({ user_team: "T0PARTNER1", source_team: "T0PARTNER1" });
    const body = bodies.find(({ event }) => JSON.stringify(event).includes("from afar"));
    expect(body).to.include({ team_id: "T0PARTNER1", context_team_id: "T0SANDBOX1", is_ext_shared_channel: true });
  });

  it("delivers an event again as often as asked, with the same id and a retry number", async () => {
    const { deliveries } = await bench.say({ user: "ada", channel: "dev", text: "thrice", duplicates: 2 });
    expect(deliveries[0]?.statuses).to.deep.equal([200, 200, 200]);
    const copies = bodies.filter(({ event }) => JSON.stringify(event).includes("thrice"));
    expect(new Set(copies.map(({ event_id }) => event_id)).size).to.equal(1);
    expect(copies).to.have.lengthOf(3);
  });

  it("echoes edits, deletions, reactions and the app's own messages", async () => {
    const { ts } = await bench.say({ user: "ada", channel: "dev", text: "before" });
    await bench.control("edits", { user: "ada", channel: "dev", ts, text: "after" });
    await bench.control("reactions", { user: "grace", channel: "dev", ts, name: "octagonal_sign" });
    await bench.client.chat.postMessage({ channel: DEV, text: "from the app" });
    await bench.control("deletions", { user: "ada", channel: "dev", ts });
    const changed = events.find(({ subtype }) => subtype === "message_changed");
    expect(changed).to.deep.include({ hidden: true, channel: DEV });
    expect(changed?.message).to.include({ text: "after", ts });
    expect(changed?.previous_message).to.include({ text: "before" });
    expect(seen("reaction_added")[0]).to.include({
      reaction: "octagonal_sign",
      user: "U0GRACE001",
      item_user: "U0ADA00001",
    });
    expect(events.find(({ subtype }) => subtype === "message_deleted")).to.include({ deleted_ts: ts });
    await until(() => seen("message", "from the app").length > 0, { what: "the echo" });
    expect(seen("message", "from the app")[0]).to.include({ bot_id: "B0PEERBOT1", user: BOT });
  });

  it("brings a click to the app, whose answer replaces the message", async () => {
    const button = { type: "button", action_id: "approve", value: "42", text: { type: "plain_text", text: "Approve" } };
    const blocks = [{ type: "actions", block_id: "row", elements: [button] }];
    const posted = await bench.client.apiCall("chat.postMessage", { channel: DEV, text: "approve?", blocks });
    const ts = String(Reflect.get(posted, "ts"));
    const click = { user: "ada", channel: "dev", messageTs: ts, actionId: "approve" };
    const { deliveries } = await bench.control<DeedResult>("actions", click);
    expect(deliveries[0]).to.include({ type: "block_actions", status: "accepted" });
    await until(async () => (await bench.lastIn(DEV, ts)).text === "approved 42", { what: "the replaced message" });
    const body = bodies.find(({ type }) => type === "block_actions");
    expect(body).to.include.keys("trigger_id", "response_url", "container", "message", "channel", "user", "team");
    const wrong = bench.control("actions", { ...click, actionId: "deny" });
    expect(await errorOf(wrong)).to.contain("nothing with action id deny");
  });

  it("opens a modal for a trigger once, keeps it open on errors and closes it when it was accepted", async () => {
    const button = { type: "button", action_id: "ask", text: { type: "plain_text", text: "Continue" } };
    const blocks = [{ type: "actions", elements: [button] }];
    const posted = await bench.client.apiCall("chat.postMessage", { channel: DEV, text: "continue?", blocks });
    const ts = String(Reflect.get(posted, "ts"));
    await bench.control("actions", { user: "ada", channel: "dev", messageTs: ts, actionId: "ask" });
    const view = await until(async () => (await bench.control<Views>("views?user=ada")).views[0], {
      what: "the modal",
    });
    expect(view).to.include({ kind: "modal", title: "Continue", callbackId: "continue" });
    const second = await until(() => events.find(({ type }) => type === "second"), { what: "the second try" });
    expect(JSON.stringify(second.error)).to.contain("exchanged_trigger_id");

    const submit = (text: string) =>
      bench.control<DeedResult>("view-submissions", { user: "ada", viewId: view.id, values: { what: { text } } });
    expect((await submit("nonsense")).response).to.deep.include({ response_action: "errors" });
    expect((await bench.control<Views>("views?user=ada")).views).to.have.lengthOf(1);
    await submit("add tests");
    expect((await bench.control<Views>("views?user=ada")).views).to.deep.equal([]);
    expect(seen("submitted", "add tests")).to.have.lengthOf(1);
  });

  it("asks the app for the options of a menu, and runs its commands", async () => {
    const menu = {
      type: "external_select",
      action_id: "repo",
      min_query_length: 0,
      placeholder: { type: "plain_text", text: "Repo" },
    };
    const blocks = [{ type: "actions", elements: [menu] }];
    const posted = await bench.client.apiCall("chat.postMessage", { channel: DEV, text: "which?", blocks });
    const ask = { user: "ada", channel: "dev", messageTs: Reflect.get(posted, "ts"), actionId: "repo", query: "peer" };
    const options = [{ text: { type: "plain_text", text: "peer" }, value: "peer" }];
    expect((await bench.control<DeedResult>("suggestions", ask)).response).to.deep.equal({ options });
    const command = { user: "ada", channel: "dev", command: "/agent", text: "list & more" };
    expect((await bench.control<DeedResult>("commands", command)).response).to.equal("you said list & more");
  });

  it("offers Slack's own Stop only while a session is processing, and then as often as it is pressed", async () => {
    const root = await bench.say({ user: "ada", channel: "dev", text: "stoppable" });
    const stop = () => bench.control<DeedResult>("session-stop", { user: "ada", channel: "dev", threadTs: root.ts });
    expect(await errorOf(stop())).to.contain("no session is processing");
    await bench.client.agents.sessions.setStatus({ channel_id: DEV, thread_ts: root.ts, status: "processing" });
    const stream = await bench.client.chat.startStream({
      channel: DEV,
      thread_ts: root.ts,
      recipient_user_id: "U0ADA00001",
      recipient_team_id: "T0SANDBOX1",
      markdown_text: "…",
    });
    await stop();
    await stop();
    const stops = seen("agent_session_stopped");
    expect(stops).to.have.lengthOf(2);
    expect(stops[0]).to.deep.include({ thread_ts: root.ts, user: "U0ADA00001", streaming_message_ts: [stream.ts] });
  });

  it("tells of Home, whose view the app may publish", async () => {
    await bench.control("home", { user: "linus", tab: "messages" });
    expect(seen("app_home_opened")[0]).to.include({ user: "U0LINUS001", tab: "messages", channel: "D0LINUS001" });
    await bench.client.views.publish({ user_id: "U0LINUS001", view: { type: "home", blocks: [{ type: "divider" }] } });
    expect((await bench.control<Views>("views?user=linus")).views[0]).to.include({ kind: "home" });
  });

  it("signs what it sends, so that another secret is refused", async () => {
    await using stranger = await openWorkbench({
      delivery: "http",
      eventsUrl: bench.slack.delivery.eventsUrl,
      signingSecret: "another",
    });
    const { deliveries } = await stranger.say({ user: "ada", channel: "dev", text: "forged" });
    expect(deliveries[0]).to.deep.include({ statuses: [401], status: "failed" });
    expect(seen("message", "forged")).to.deep.equal([]);
  });
});

describe("Slack stand-in: repetitions over HTTP", () => {
  let receiver: Server;
  let answer: (attempt: number) => { status: number; headers?: Record<string, string> } | "silence";
  const attempts: Record<string, string | string[] | undefined>[] = [];
  let bench: Workbench;

  before(async () => {
    receiver = createServer((request, response) => {
      attempts.push(request.headers);
      request.resume();
      const next = answer(attempts.length);
      if (next !== "silence") response.writeHead(next.status, next.headers).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    const eventsUrl = `http://127.0.0.1:${port}/slack/events`;
    bench = await openWorkbench({ delivery: "http", eventsUrl, retryDelaysMs: [0, 10, 10], answerTimeoutMs: 200 });
  });
  after(async () => {
    await bench[Symbol.asyncDispose]();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
  beforeEach(() => void attempts.splice(0));

  const outcomeOf = async (text: string) => {
    const { deliveries } = await bench.say({ user: "ada", channel: "general", text });
    const find = async () => {
      const ledger = await bench.control<Ledger>("ledger?channel=general");
      const entry = ledger.deliveries.find(({ eventId }) => eventId === deliveries[0]?.eventId);
      return entry?.status === "pending" ? undefined : entry;
    };
    return until(find, { what: "the end of the repetitions" });
  };
  const retriesOf = () =>
    attempts.map((headers) =>
      [headers["x-slack-retry-num"] ?? "", headers["x-slack-retry-reason"] ?? ""].join(" ").trim(),
    );

  it("repeats three times, numbered and with the reason, then gives up", async () => {
    answer = () => ({ status: 500 });
    expect(await outcomeOf("refused")).to.deep.include({ status: "failed", statuses: [500, 500, 500, 500] });
    expect(retriesOf()).to.deep.equal(["", "1 http_error", "2 http_error", "3 http_error"]);
  });

  it("stops at the first success", async () => {
    answer = (attempt) => ({ status: attempt < 3 ? 503 : 200 });
    expect(await outcomeOf("later")).to.deep.include({ status: "accepted", statuses: [503, 503, 200] });
  });

  it("stops when the app asks not to be told again", async () => {
    answer = () => ({ status: 500, headers: { "x-slack-no-retry": "1" } });
    expect(await outcomeOf("enough")).to.deep.include({ status: "failed", statuses: [500] });
  });

  it("does not wait for ever", async () => {
    answer = (attempt) => (attempt === 1 ? "silence" : { status: 200 });
    expect(await outcomeOf("slow")).to.deep.include({ status: "accepted", statuses: [0, 200] });
    expect(retriesOf()).to.deep.equal(["", "1 http_timeout"]);
  });
});

function modal() {
  const text = (value: string) => ({ type: "plain_text" as const, text: value });
  return {
    type: "modal" as const,
    callback_id: "continue",
    title: text("Continue"),
    submit: text("Go"),
    blocks: [
      {
        type: "input" as const,
        block_id: "what",
        label: text("What next?"),
        element: { type: "plain_text_input" as const, action_id: "text", multiline: true },
      },
    ],
  };
}

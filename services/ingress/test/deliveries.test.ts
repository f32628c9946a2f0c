import { createSessionQueue } from "@peerbot/session-queue";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { CHANNEL, callback, edit, keyOf, MENTION, mention, message, newTs, press } from "./support/payloads.ts";
import { BOT_ID, BOT_USER } from "./support/slack-stand-in.ts";
import { IngressHarness, post } from "./support/start-ingress.ts";

describe("A delivery over HTTP", () => {
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;
  let replica: typeof ingress;

  before(async () => {
    harness = await IngressHarness.create();
    ingress = await harness.start();
    replica = await harness.start();
  });
  after(() => harness[Symbol.asyncDispose]());

  const deliver = async (event: object) => expect((await post(ingress, callback(event))).status).to.equal(200);

  it("puts a mention into the inbox of its thread and the session into the queue", async () => {
    const event = mention(`${MENTION} add a health endpoint`);
    const answer = await post(ingress, callback(event));
    expect(answer).to.include({ status: 200, text: "" });
    const [stored] = await harness.inbox(event.ts);
    expect(stored).to.deep.include({ kind: "said", id: `${CHANNEL}:${event.ts}`, text: "add a health endpoint" });
    expect(await harness.queued()).to.include(keyOf(event.ts));
  });

  it("is one message when it is delivered twice", async () => {
    const body = callback(mention(`${MENTION} once`));
    const event = body.event as { ts: string };
    await post(ingress, body);
    await post(ingress, body, { headers: { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout" } });
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("is one message when a mention also comes as a channel message", async () => {
    const event = mention(`${MENTION} once`);
    await deliver(event);
    await deliver(message(event.text, { ts: event.ts }));
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("is one message when two replicas get it at once", async () => {
    const event = mention(`${MENTION} once`);
    const body = callback(event);
    const answers = await Promise.all([ingress, replica, ingress, replica].map((each) => post(each, body)));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("is repaired by the retry when the first one died between the inbox and the queue", async () => {
    const event = mention(`${MENTION} half done`);
    const body = callback(event);
    await post(ingress, body);
    const queueKeys = await harness.redis.keys(`*${harness.prefix}-queue*`);
    await harness.redis.del(...queueKeys);
    expect(await harness.queued()).to.deep.equal([]);
    await post(ingress, body);
    expect(await harness.queued()).to.deep.equal([keyOf(event.ts)]);
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("takes replies in a thread of ours without a mention, broadcast ones and files too", async () => {
    const { ts } = mention("");
    await deliver(mention(`${MENTION} start`, { ts }));
    await deliver(message("and tests", { thread_ts: ts }));
    await deliver(message("tell all", { thread_ts: ts, subtype: "thread_broadcast" }));
    await deliver(message("", { thread_ts: ts, subtype: "file_share", files: [{ name: "a.png" }, { name: "b.txt" }] }));
    const texts = (await harness.inbox(ts)).map((stored) => "text" in stored && stored.text);
    expect(texts).to.deep.equal(["start", "and tests", "tell all", "Attached files: a.png, b.txt"]);
  });

  it("takes a direct message without a mention", async () => {
    const event = message("hello", { channel: "D0ALICE", channel_type: "im" });
    await deliver(event);
    expect(await harness.inbox(event.ts, "D0ALICE")).to.have.length(1);
  });

  it("takes an edit when the words of a session's message changed, and only then", async () => {
    const original = mention(`${MENTION} add a tets`);
    await deliver(original);
    await deliver(edit(original, `${MENTION} add a test`));
    await deliver(edit(original, original.text)); // A link was unfurled.
    await deliver(edit({ ts: newTs(), text: "chatter" }, "more chatter"));
    const [, edited, ...rest] = await harness.inbox(original.ts);
    expect(edited).to.deep.include({ kind: "edited", text: "add a test", edits: `${CHANNEL}:${original.ts}` });
    expect(rest).to.deep.equal([]);
  });

  it("takes the edit of a message that has not come yet for the message, and the late one for a duplicate", async () => {
    const ts = `${Math.floor(Date.now() / 1000)}.000100`;
    const original = mention(`${MENTION} drop the tabel`, { ts });
    await deliver(edit(original, `${MENTION} drop nothing`));
    await deliver(original);
    const reply = message("and the indxe", { thread_ts: ts, ts: `${Math.floor(Date.now() / 1000)}.000200` });
    await deliver(edit(reply, "and the index", { thread_ts: ts }));
    await deliver(reply);
    await deliver(edit(reply, "but no index", { thread_ts: ts }));
    expect((await harness.inbox(ts)).map((stored) => "text" in stored && [stored.kind, stored.text])).to.deep.equal([
      ["said", "drop nothing"],
      ["said", "and the index"],
      ["edited", "but no index"],
    ]);
    expect(await harness.queued()).to.include(keyOf(ts));
  });

  it("takes no edit that is older than one it has", async () => {
    const seconds = Math.floor(Date.now() / 1000);
    const original = mention(`${MENTION} drop the tabel`, { ts: `${seconds}.000600` });
    const edited = (text: string, ts: string) =>
      edit(original, `${MENTION} ${text}`, { edited: { user: original.user, ts: `${seconds}.${ts}` } });
    await deliver(edited("drop the table", "000800"));
    await deliver(edited("drop the tables", "000700"));
    await deliver(original);
    await deliver(edited("drop nothing", "000900"));
    await deliver(edited("drop the table", "000800"));
    const texts = (await harness.inbox(original.ts)).map((stored) => "text" in stored && stored.text);
    expect(texts).to.deep.equal(["drop the table", "drop nothing"]);
  });

  it("takes no edit of what stood in the thread before the session, or was never meant for it", async () => {
    const root = message("who broke it?", { ts: `${Math.floor(Date.now() / 1000)}.000400` });
    const asked = mention(`${MENTION} mend it`, { thread_ts: root.ts, ts: `${Math.floor(Date.now() / 1000)}.000500` });
    await deliver(root);
    await deliver(edit(root, "who fixed it?"));
    await deliver(asked);
    await deliver(edit(root, "who is it?", { thread_ts: root.ts }));
    const old = mention(`${MENTION} long ago`, { ts: "1600000000.000100" });
    await deliver(edit(old, `${MENTION} long, long ago`));
    expect(await harness.inbox(old.ts)).to.deep.equal([]);
    await until(async () => (await harness.inbox(root.ts)).length > 0, { what: "the mention" });
    expect((await harness.inbox(root.ts)).map(({ kind }) => kind)).to.deep.equal(["said"]);
  });

  it("names a zip file that is attached, and fetches nothing", async () => {
    const files = [{ name: "site.zip", mimetype: "application/zip", url_private: `${harness.slack.apiUrl}/site.zip` }];
    const event = message("", { channel: "D0ALICE", channel_type: "im", subtype: "file_share", files });
    await deliver(event);
    expect(await harness.inbox(event.ts, "D0ALICE")).to.have.nested.property("[0].text", "Attached file: site.zip");
    expect(harness.slack.calls).not.to.include("site.zip");
  });

  it("reads a reply that is only the word stop, however it is written, as stop", async () => {
    const event = mention(`${MENTION} work`);
    await deliver(event);
    for (const text of ["stop", `${MENTION} Cancel`, " STOP! "]) await deliver(message(text, { thread_ts: event.ts }));
    await deliver(message("stop using tabs", { thread_ts: event.ts }));
    const kinds = (await harness.inbox(event.ts)).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(["said", "stop", "stop", "stop", "said"]);
  });

  it("takes options off the words, for the thread to remember", async () => {
    const event = mention(`${MENTION} size=large add a page`);
    await deliver(event);
    await deliver(edit(event, `${MENTION} add a page size=small`));
    await deliver(message("and a test size=standard", { thread_ts: event.ts }));
    const stored = await harness.inbox(event.ts);
    expect(stored.map((each) => "text" in each && [each.text, each.options])).to.deep.equal([
      ["add a page", { size: "large" }],
      ["add a page", { size: "small" }],
      ["and a test", { size: "standard" }],
    ]);
  });

  it("starts nothing for an option that is unknown or switched off, and says what is possible", async () => {
    const [unknown, off] = [mention(`${MENTION} size=huge add a page`), mention(`${MENTION} add a page docker=on`)];
    for (const event of [unknown, off]) await deliver(event);
    for (const { ts } of [unknown, off]) {
      expect(await harness.inbox(ts)).to.deep.equal([]);
      expect(await harness.queued()).not.to.include(keyOf(ts));
    }
    const noticed = (await harness.notices()).filter(({ reason }) => reason.startsWith("option-"));
    expect(noticed.map(({ reason, option }) => ({ reason, ...option }))).to.have.deep.members([
      {
        reason: "option-unknown",
        written: "size=huge",
        possible: ["size=small", "size=standard", "size=large"],
      },
      { reason: "option-not-allowed", written: "docker=on", possible: [] },
    ]);
  });

  it("leaves what a thread has asked for alone when a reply's option is wrong", async () => {
    const event = mention(`${MENTION} add a page size=large`);
    await deliver(event);
    await deliver(message("faster size=tiny", { thread_ts: event.ts }));
    await deliver(message("size=small", { thread_ts: event.ts }));
    expect(await harness.inbox(event.ts)).to.have.length(1);
    const reasons = (await harness.notices()).map(({ reason }) => reason);
    expect(reasons).to.include.members(["option-unknown", "only-options"]);
  });

  it("takes a message whose first words were refused as it was put right", async () => {
    const event = mention(`${MENTION} size=huge add a page`, { ts: `${Math.floor(Date.now() / 1000)}.000300` });
    await deliver(event);
    await deliver(edit(event, `${MENTION} size=small add a page`));
    expect((await harness.inbox(event.ts)).map((stored) => "text" in stored && stored.text)).to.deep.equal([
      "add a page",
    ]);
  });

  it("leaves alone what was said after a Stop that comes late", async () => {
    const event = mention(`${MENTION} work`);
    await deliver(event);
    const [late, pressed] = [message("stop", { thread_ts: event.ts }), press("stop", event.ts)];
    await deliver(message("do this instead", { thread_ts: event.ts }));
    await deliver(late);
    await post(ingress, pressed);
    expect((await harness.inbox(event.ts)).map(({ kind }) => kind)).to.deep.equal(["said", "said"]);
    await post(ingress, press("stop", event.ts));
    expect((await harness.inbox(event.ts)).map(({ kind }) => kind)).to.deep.equal(["said", "said", "stop"]);
  });

  it("hurries the waiting job when somebody stops the session", async () => {
    const event = mention(`${MENTION} work`);
    await using sessions = createSessionQueue({ connection: harness.redis, prefix: harness.prefix });
    const key = keyOf(event.ts);
    const deduplication = { id: key, keepLastIfActive: true };
    await sessions.queue.add("session", { v: 1, sessionKey: key, enqueuedAt: 1 }, { delay: 60_000, deduplication });
    await deliver(event);
    await deliver({
      ...{ type: "agent_session_stopped", channel: CHANNEL, user: event.user, thread_ts: event.ts },
      ...{ streaming_message_ts: [], event_ts: newTs() },
    });
    expect((await harness.inbox(event.ts)).map(({ kind }) => kind)).to.deep.equal(["said", "stop"]);
    const jobs = await sessions.queue.getJobs(["waiting", "prioritized"]);
    expect(jobs.map((job) => job.data.sessionKey)).to.include(key);
  });

  it("says that there is nothing to stop in a thread without a session", async () => {
    const event = mention(`${MENTION} stop`);
    await deliver(event);
    expect(await harness.inbox(event.ts)).to.deep.equal([]);
    expect(await harness.notices()).to.deep.include({
      ...{ v: 1, id: `${CHANNEL}:${event.ts}`, user: event.user, reason: "nothing-to-stop" },
      thread: { team: "T0HOME", channel: CHANNEL, threadTs: event.ts },
    });
  });

  it("keeps control sequences and shell words as inert text", async () => {
    const event = mention(`${MENTION} say &lt;!channel&gt; <!channel> and $(rm -rf /) \`id\``);
    await deliver(event);
    const [stored] = await harness.inbox(event.ts);
    expect(stored).to.deep.include({ text: "say <!channel> @channel and $(rm -rf /) `id`" });
  });

  it("ignores bots, itself, joins, deletions and chatter, and calls nobody for that", async () => {
    const started = mention(`${MENTION} work`);
    await deliver(started);
    const callsBefore = harness.slack.calls.length;
    const thread = { thread_ts: started.ts };
    const ignored = [
      message("beep", { ...thread, bot_id: "B0OTHER" }),
      message("beep", { ...thread, subtype: "bot_message", user: undefined }),
      message("my own words", { ...thread, user: BOT_USER, bot_id: BOT_ID }),
      mention(`${MENTION} loop`, { user: BOT_USER }),
      message("joined", { subtype: "channel_join" }),
      message("", { ...thread, subtype: "message_deleted", deleted_ts: started.ts }),
      message("lunch?"),
      { type: "reaction_added", user: "U1", item: { type: "message", channel: CHANNEL, ts: started.ts } },
    ];
    for (const event of ignored) await deliver(event);
    expect(await harness.inbox(started.ts)).to.have.length(1);
    for (const event of ignored) if ("ts" in event) expect(await harness.inbox(event.ts)).to.deep.equal([]);
    expect(harness.slack.calls.slice(callsBefore)).to.deep.equal([]);
  });

  it("answers an empty mention with a notice, but not inside a live thread", async () => {
    const empty = mention(` ${MENTION}  `);
    await deliver(empty);
    const noticed = (await harness.notices()).filter(({ reason }) => reason === "empty-mention");
    expect(noticed.map(({ id }) => id)).to.deep.equal([`${CHANNEL}:${empty.ts}`]);
    const started = mention(`${MENTION} work`);
    await deliver(started);
    await deliver(mention(MENTION, { thread_ts: started.ts }));
    expect((await harness.notices()).filter(({ reason }) => reason === "empty-mention")).to.have.length(1);
  });

  it("counts deliveries by type and result", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${ingress.internalPort}/metrics`)).text();
    expect(metrics).to.match(
      /peerbot_slack_deliveries_total\{type="app_mention",result="accepted",service="ingress"\} \d/,
    );
    expect(metrics).to.match(/peerbot_ingest_seconds_count\{service="ingress"\} \d/);
  });
});

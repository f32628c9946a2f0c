import { until } from "@peerbot/testing";
import { expect } from "chai";
import { ALICE, BOB, callback, edit, MENTION, mention, message, newTs, press } from "./support/payloads.ts";
import { BOT_ID, BOT_USER } from "./support/slack-stand-in.ts";
import { IngressHarness, post } from "./support/start-ingress.ts";

describe("A reply in a thread that Redis does not know", () => {
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;

  before(async () => {
    harness = await IngressHarness.create();
    ingress = await harness.start();
  });
  after(() => harness[Symbol.asyncDispose]());

  const ours = {
    user: BOT_USER,
    bot_id: BOT_ID,
    ts: newTs(),
    metadata: { event_type: "peerbot_part", event_payload: {} },
  };
  const answerThread = (...messages: object[]) => {
    harness.slack.answers["conversations.replies"] = () => ({ ok: true, messages });
  };
  const reads = () => harness.slack.calls.filter((method) => method === "conversations.replies").length;
  const lookupsDone = async (result: string) => {
    const metrics = await (await fetch(`http://127.0.0.1:${ingress.internalPort}/metrics`)).text();
    return Number(new RegExp(`peerbot_thread_lookups_total\\{result="${result}".*\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };

  it("is accepted when the thread holds a message of ours, and the replies keep their order", async () => {
    answerThread({ user: ALICE, ts: newTs() }, ours);
    const threadTs = newTs();
    for (const text of ["first", "second"]) await post(ingress, callback(message(text, { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 2, { what: "both replies to be taken" });
    const texts = (await harness.inbox(threadTs)).map((stored) => "text" in stored && stored.text);
    expect(texts).to.deep.equal(["first", "second"]);
  });

  it("is followed by its edit when it was edited before anybody had read the thread", async () => {
    answerThread({ user: ALICE, ts: newTs() }, ours);
    const threadTs = newTs();
    const reply = message("try agian", { thread_ts: threadTs });
    await post(ingress, callback(reply));
    await post(ingress, callback(edit(reply, "try again", { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 2, { what: "reply and edit to be taken" });
    const texts = (await harness.inbox(threadTs)).map((stored) => "text" in stored && [stored.kind, stored.text]);
    expect(texts).to.deep.equal([
      ["said", "try agian"],
      ["edited", "try again"],
    ]);
  });

  it("finds our message on a later page of a long thread", async () => {
    harness.slack.answers["conversations.replies"] = (args) =>
      args.get("cursor") === "page2"
        ? { ok: true, messages: [ours] }
        : { ok: true, messages: [{ user: ALICE, ts: newTs() }], response_metadata: { next_cursor: "page2" } };
    const threadTs = newTs();
    await post(ingress, callback(message("still there?", { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 1, { what: "the reply to be taken" });
  });

  it("is left alone when the thread is not ours, and the thread is read once an hour at most", async () => {
    // Somebody else's metadata of the same name, and a message of ours that is no part of a session.
    answerThread({ user: "U0X", bot_id: "B0X", metadata: ours.metadata }, { user: BOT_USER, bot_id: BOT_ID });
    const threadTs = newTs();
    const [readBefore, doneBefore] = [reads(), await lookupsDone("not-ours")];
    await post(ingress, callback(message("lunch?", { thread_ts: threadTs })));
    await until(async () => (await lookupsDone("not-ours")) > doneBefore, { what: "the thread to be read" });
    await post(ingress, callback(message("yes", { thread_ts: threadTs })));
    await post(ingress, callback(message("me too", { thread_ts: threadTs })));
    expect(await harness.inbox(threadTs)).to.deep.equal([]);
    expect(reads()).to.equal(readBefore + 1);
    // A mention makes it ours all the same.
    await post(ingress, callback(mention(`${MENTION} pay`, { thread_ts: threadTs })));
    await post(ingress, callback(message("for me", { thread_ts: threadTs })));
    expect(await harness.inbox(threadTs)).to.have.length(2);
  });

  it("is accepted, after its mention, when it overtook that", async () => {
    const now = Math.floor(Date.now() / 1_000);
    const root = mention(`${MENTION} start`, { ts: `${now}.000100`, user: BOB });
    const threadTs = root.ts;
    answerThread({ ...root, type: "message" });
    await post(ingress, callback(message("and tests", { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 2, { what: "both to be taken" });
    await post(ingress, callback(root));
    const texts = (await harness.inbox(threadTs)).map((stored) => "text" in stored && stored.text);
    expect(texts).to.deep.equal(["start", "and tests"]);
    expect(await harness.owner(threadTs)).to.equal(BOB);
  });

  it("comes after the newest words of a mention it overtook, whose edit is no correction then", async () => {
    const now = Math.floor(Date.now() / 1_000);
    const root = { ...mention(`${MENTION} start now`, { ts: `${now}.000300`, user: BOB }), type: "message" };
    const edited = { user: BOB, ts: `${now}.000400` };
    answerThread({ ...root, edited });
    await post(ingress, callback(message("and tests", { thread_ts: root.ts })));
    await until(async () => (await harness.inbox(root.ts)).length === 2, { what: "both to be taken" });
    await post(ingress, callback(edit({ ts: root.ts, text: `${MENTION} start` }, root.text, { edited, user: BOB })));
    expect((await harness.inbox(root.ts)).map(({ kind }) => kind)).to.deep.equal(["said", "said"]);
  });

  it("is left alone when who mentioned us there may not use Peerbot, or did so long ago", async () => {
    await using apart = await IngressHarness.create();
    const strict = await apart.start({ SLACK_DENIED_USERS: BOB });
    const readsApart = () => apart.slack.calls.filter((method) => method === "conversations.replies").length;
    const at = (seconds: number) => `${Math.floor(Date.now() / 1_000) - seconds}.000100`;
    for (const root of [
      mention(`${MENTION} start`, { ts: at(9), user: BOB }),
      mention(`${MENTION} start`, { ts: at(7_200) }),
    ]) {
      const isRead = readsApart();
      apart.slack.answers["conversations.replies"] = () => ({ ok: true, messages: [{ ...root, type: "message" }] });
      await post(strict, callback(message("and tests", { thread_ts: root.ts })));
      await until(async () => readsApart() > isRead, { what: "the thread to be read" });
      await post(strict, callback(message("and docs", { thread_ts: root.ts })));
      expect(await apart.inbox(root.ts)).to.deep.equal([]);
    }
  });

  it("is accepted after Slack told us to slow down", async () => {
    let isFirst = true;
    harness.slack.answers["conversations.replies"] = () => {
      const answer = isFirst
        ? { status: 429, retryAfter: 1, ok: false, error: "ratelimited" }
        : { ok: true, messages: [ours] };
      isFirst = false;
      return answer;
    };
    const threadTs = newTs();
    await post(ingress, callback(message("hello?", { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 1, { what: "the reply to be taken" });
    expect(await lookupsDone("failed")).to.equal(0);
  });

  it("is not even looked at when its author may not use Peerbot", async () => {
    await using strict = await harness.start({ SLACK_ALLOWED_USERS: BOB });
    const readBefore = reads();
    await post(strict, callback(message("hello", { thread_ts: newTs() })));
    expect(reads()).to.equal(readBefore);
    expect(await harness.notices()).to.deep.equal([]);
  });

  it("goes on in the repository of the person our own messages name, also when somebody else mentions us", async () => {
    const said = { session: "s", epoch: 1, part: "closing", intent: "i", owner: BOB };
    answerThread(
      { user: BOB, ts: newTs() },
      { ...ours, metadata: { event_type: "peerbot_part", event_payload: said } },
    );
    const threadTs = newTs();
    await post(ingress, callback(mention(`${MENTION} go on`, { thread_ts: threadTs })));
    await until(async () => (await harness.inbox(threadTs)).length === 1, { what: "the mention to be taken" });
    expect(await harness.owner(threadTs)).to.equal(BOB);
  });

  it("may be a press of Continue, by somebody who has written in the thread", async () => {
    answerThread({ user: ALICE, ts: newTs() }, ours);
    const threadTs = newTs();
    const byStranger = press("continue", threadTs, { user: BOB });
    await post(ingress, byStranger);
    await until(async () => (await harness.notices()).length === 1, { what: "the stranger to be told" });
    expect((await harness.notices()).map(({ reason, user }) => [reason, user])).to.deep.equal([
      ["not-your-session", BOB],
    ]);
    expect(await harness.inbox(threadTs)).to.deep.equal([]);
    await post(ingress, press("continue", threadTs));
    await until(async () => (await harness.inbox(threadTs)).length === 1, { what: "the press to be taken" });
    expect((await harness.inbox(threadTs))[0]).to.deep.include({ kind: "continue", user: ALICE });
  });
});

import { until } from "@peerbot/testing";
import { expect } from "chai";
import { errorOf, openWorkbench, type Workbench } from "./slack-workbench.ts";

const GENERAL = "C0GENERAL1";
const RECIPIENT = { recipient_user_id: "U0ADA00001", recipient_team_id: "T0SANDBOX1" };
const LIFETIME_MS = 400;

describe("Slack stand-in: streams", () => {
  let bench: Workbench;
  let shortLived: Workbench;
  let threadTs: string;
  let place: { channel: string; thread_ts: string };
  before(async () => {
    bench = await openWorkbench();
    shortLived = await openWorkbench({ streamLifetimeMs: LIFETIME_MS });
  });
  after(async () => {
    await bench[Symbol.asyncDispose]();
    await shortLived[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    threadTs = (await bench.say({ user: "ada", channel: "general", text: "stream" })).ts;
    place = { channel: GENERAL, thread_ts: threadTs };
  });

  async function startedWith(content: object): Promise<string> {
    const answer = await bench.client.apiCall("chat.startStream", { ...place, ...RECIPIENT, ...content });
    return String(Reflect.get(answer, "ts"));
  }

  it("shows a plan whose tasks change in place, and the text so far", async () => {
    const task = { type: "task_update" as const, id: "1", title: "Clone", status: "in_progress" as const };
    const { ts = "" } = await bench.client.chat.startStream({
      ...place,
      ...RECIPIENT,
      task_display_mode: "plan",
      chunks: [{ type: "plan_update", title: "Working" }, task],
    });
    const target = { channel: GENERAL, ts };
    await bench.client.chat.appendStream({ ...target, chunks: [{ ...task, status: "complete", output: "ok" }] });
    await bench.client.chat.appendStream({ ...target, chunks: [{ type: "markdown_text", text: "All " }] });
    const running = await bench.lastIn("general", threadTs);
    expect(running.stream).to.deep.include({ state: "in_progress", displayMode: "plan", planTitle: "Working" });

    const button = { type: "button", action_id: "again", text: { type: "plain_text", text: "Again" } };
    await bench.client.apiCall("chat.stopStream", {
      ...target,
      chunks: [{ type: "markdown_text", text: "done." }],
      blocks: [{ type: "actions", elements: [button] }],
      metadata: { event_type: "peerbot_final", event_payload: { seq: 3 } },
    });
    const done = await bench.lastIn("general", threadTs);
    expect(done.stream?.state).to.equal("completed");
    expect(done.stream?.tasks).to.deep.equal([{ id: "1", title: "Clone", status: "complete", output: "ok" }]);
    expect(done.text).to.equal("All done.");
    expect(done.blocks).to.have.lengthOf(1);
    expect(done.metadata?.event_payload).to.deep.equal({ seq: 3 });
    const { messages = [] } = await bench.client.conversations.replies({ channel: GENERAL, ts: threadTs });
    expect(messages[1]?.blocks?.map(({ type }) => type)).to.deep.equal(["plan", "markdown", "actions"]);
  });

  it("works with the streaming helper of the real client", async () => {
    const stream = bench.client.chatStream({ ...place, ...RECIPIENT, buffer_size: 1 });
    await stream.append({ markdown_text: "one " });
    await stream.append({ markdown_text: "two" });
    await stream.stop();
    expect(await bench.lastIn("general", threadTs)).to.include({ text: "one two", markdown: "one two" });
  });

  it("wants to know in channels for whom the stream is, but not in direct messages", async () => {
    const start = (more: object) => errorOf(bench.client.apiCall("chat.startStream", { ...place, ...more }));
    expect(await start({})).to.equal("missing_recipient_user_id");
    expect(await start({ recipient_user_id: "U0ADA00001" })).to.equal("missing_recipient_team_id");
    expect(await start({ ...RECIPIENT, recipient_user_id: "U0ALAN0001" })).to.equal("invalid_recipient_user_id");
    const dm = await bench.say({ user: "ada", channel: "@peerbot", text: "hi" });
    const started = await bench.client.chat.startStream({
      channel: dm.channel,
      thread_ts: dm.ts,
      markdown_text: "hello",
    });
    expect(started.ok).to.equal(true);
  });

  it("keeps plain Markdown and chunks apart", async () => {
    const chunks = [{ type: "markdown_text", text: "b" }];
    const both = bench.client.apiCall("chat.startStream", { ...place, ...RECIPIENT, markdown_text: "a", chunks });
    expect(await errorOf(both)).to.equal("cannot_provide_both_markdown_text_and_chunks");
    const ts = await startedWith({ markdown_text: "a" });
    const mixed = bench.client.apiCall("chat.appendStream", { channel: GENERAL, ts, chunks });
    expect(await errorOf(mixed)).to.equal("streaming_mode_mismatch");
  });

  it("takes nothing after the stop", async () => {
    const ts = await startedWith({ markdown_text: "a" });
    await bench.client.chat.stopStream({ channel: GENERAL, ts });
    const late = { channel: GENERAL, ts, markdown_text: "b" };
    expect(await errorOf(bench.client.chat.appendStream(late))).to.equal("message_not_in_streaming_state");
    expect(await errorOf(bench.client.chat.stopStream({ channel: GENERAL, ts }))).to.equal(
      "message_not_in_streaming_state",
    );
  });

  it("refuses the 51st task and the 11,001st byte, and keeps what there was", async () => {
    const tasks = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => ({
        type: "task_update",
        id: `${from + n}`,
        title: `Step ${from + n}`,
        status: "pending",
      }));
    const ts = await startedWith({ chunks: tasks(0, 50) });
    const more = bench.client.apiCall("chat.appendStream", { channel: GENERAL, ts, chunks: tasks(50, 51) });
    expect(await errorOf(more)).to.equal("msg_too_long");
    const long = await startedWith({ markdown_text: "x".repeat(10_990) });
    const tooLong = bench.client.chat.appendStream({ channel: GENERAL, ts: long, markdown_text: "é".repeat(6) });
    expect(await errorOf(tooLong)).to.equal("msg_too_long");
    expect((await bench.lastIn("general", threadTs)).text).to.have.lengthOf(10_990);
  });

  it("counts the details and output of a task twice", async () => {
    const task = { type: "task_update", id: "1", title: "Test", status: "complete" };
    const start = (more: object) => startedWith({ chunks: [{ ...task, ...more }] });
    await start({ details: "x".repeat(5_400) });
    expect(await errorOf(start({ details: "x".repeat(5_600) }))).to.equal("msg_too_long");
    expect(await errorOf(start({ details: "x".repeat(2_800), output: "x".repeat(2_800) }))).to.equal("msg_too_long");
  });

  it("sets the session back to active at the stop unless told otherwise", async () => {
    const session = async () => (await bench.thread("general", threadTs)).session?.status;
    await bench.client.agents.sessions.setStatus({ channel_id: GENERAL, thread_ts: threadTs, status: "processing" });
    const rotated = await startedWith({ markdown_text: "a" });
    await bench.client.chat.stopStream({ channel: GENERAL, ts: rotated, session_status: "processing" });
    expect(await session()).to.equal("processing");
    const last = await startedWith({ markdown_text: "b" });
    await bench.client.chat.stopStream({ channel: GENERAL, ts: last });
    expect(await session()).to.equal("active");
  });

  it("ends a stream that outlives its time although it is busy, and lets chat.update mend the message", async () => {
    const root = await shortLived.say({ user: "ada", channel: "general", text: "slow" });
    const { client } = shortLived;
    const started = await client.chat.startStream({
      channel: GENERAL,
      thread_ts: root.ts,
      ...RECIPIENT,
      markdown_text: "a",
    });
    const target = { channel: GENERAL, ts: started.ts ?? "" };
    const failure = await until(
      () => errorOf(client.chat.appendStream({ ...target, markdown_text: "b" })).catch(() => ""),
      {
        what: "the stream to end",
      },
    );
    expect(failure).to.equal("message_not_in_streaming_state");
    expect((await shortLived.lastIn("general", root.ts)).stream?.state).to.equal("errored");
    await client.chat.update({ ...target, text: "whole again" });
    expect(await shortLived.lastIn("general", root.ts)).to.deep.include({ text: "whole again", stream: null });
  });
});

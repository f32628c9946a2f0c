import { setTimeout as pause } from "node:timers/promises";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { ownThread, portsFor } from "./own-thread.ts";
import { openBench, type StreamerBench } from "./streamer-bench.ts";
import { contentOf } from "./thread-content.ts";

/** About 30 kB: prose, a code block longer than one message, lists. */
const PROSE = Array.from({ length: 60 }, (_, index) => `Paragraph ${index}. ${"Some words follow. ".repeat(12)}`);
const CODE = Array.from({ length: 320 }, (_, index) => `const value${index} = compute(${index}); // line ${index}`);
const ANSWER = `${PROSE.slice(0, 30).join("\n\n")}\n\n\`\`\`ts\n${CODE.join("\n")}\n\`\`\`\n\n${PROSE.slice(30).join("\n\n")}\n`;

describe("Slack's limits on messages", function () {
  this.timeout(30_000);
  let bench: StreamerBench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("shows a 30 kB answer whole and in order over several streamed messages", async () => {
    const messages = await answer(ANSWER);
    expect(messages.length).to.be.greaterThan(3);
    expectWhole(messages);
    const calls = await bench.calls("chat.startStream");
    expect(calls.length).to.be.greaterThan(2);
  });

  it("shows it whole when Slack refuses streams, and does not ask again", async () => {
    const refused = (await bench.calls("chat.startStream")).length + 1;
    await bench.fault({ method: "chat.startStream", kind: "error", error: "unknown_method", count: 10 });
    const messages = await answer(ANSWER);
    await clearFaults();
    expectWhole(messages);
    expect((await bench.calls("chat.startStream")).length).to.equal(refused);
  });

  it("repairs a stream that Slack ended on its own, and loses nothing", async () => {
    await using shortLived = await openBench({ streamLifetimeMs: 100 });
    const session = await shortLived.mention();
    await session.begin();
    const owner = ownThread(shortLived, session.key, portsFor(shortLived));
    await session.report(
      { type: "step", id: "a", title: "Work", status: "in_progress" },
      { type: "text", text: "One. " },
    );
    await until(async () => (await session.answers()).some(({ stream }) => stream?.state === "errored"), {
      what: "the stream to break",
    });
    await session.report({ type: "text", text: "Two. " });
    await owner.shown();
    expect((await session.answers())[1]?.blocks.at(-1)).to.deep.include({ type: "markdown", text: "One. Two. " });
    await session.report({ type: "step", id: "a", title: "Work", status: "complete" }, { type: "text", text: ANSWER });
    await session.finish();
    await owner.done();
    const progress = contentOf(await session.seen()).messages.slice(1, -1);
    expect(progress[0]?.rows).to.deep.equal(["complete Work"]);
    expectWhole(progress.map(({ text }) => text.replace("One. Two. ", "")));
  });

  it("continues in a new message before Slack would end the stream, with the open rows and the open code block", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.report(
      { type: "step", id: "a", title: "Done before", status: "complete" },
      { type: "step", id: "b", title: "Still going on", status: "in_progress" },
      { type: "text", text: "Look:\n```ts\nconst a = 1;\n" },
    );
    const owner = ownThread(bench, session.key, portsFor(bench, { streamLifetimeMs: 150 }));
    await until(async () => (await session.answers()).some(({ stream }) => stream?.state === "completed"), {
      what: "the first stream to be ended in time",
    });
    await session.report(
      { type: "step", id: "b", title: "Still going on", status: "complete" },
      { type: "text", text: "const b = 2;\n```\nThat is all.\n" },
    );
    await session.finish();
    await owner.done();
    const [, first, second, closing] = contentOf(await session.seen()).messages;
    expect(first).to.deep.include({
      title: "Continued below",
      rows: ["complete Done before", "pending Still going on"],
      text: "Look:\n```ts\nconst a = 1;\n```",
    });
    expect(second).to.deep.include({
      title: "Done",
      rows: ["complete Still going on"],
      text: "```ts\nconst b = 2;\n```\nThat is all.\n",
    });
    expect(closing?.part).to.equal("closing");
  });

  it("keeps a run with hundreds of steps to rows that Slack shows", async () => {
    const session = await bench.mention();
    await session.begin();
    const owner = ownThread(bench, session.key, portsFor(bench));
    for (let index = 0; index < 120; index += 1) {
      await session.report({ type: "step", id: `${index}`, title: `Step ${index}`, status: "complete" });
      if (index % 30 === 0) await owner.shown();
    }
    await session.report({ type: "step", id: "last", title: "Run the tests", status: "in_progress" });
    await owner.shown();
    const rows = () => session.answers().then((answers) => answers[1]?.stream?.tasks.map(({ title }) => title) ?? []);
    expect((await rows()).length).to.equal(21);
    expect((await rows()).at(-1)).to.equal("Run the tests (after 100 more steps)");
    await session.finish();
    await owner.done();
    expect((await rows()).at(-1)).to.equal("101 more steps");
  });

  it("falls back to text when Slack refuses the blocks of a message", async () => {
    await bench.fault({ method: "chat.postMessage", kind: "error", error: "invalid_blocks" });
    const session = await bench.mention();
    await session.begin();
    await session.finish();
    await ownThread(bench, session.key, portsFor(bench)).done();
    const [opening, closing] = await session.answers();
    expect(opening?.text).to.contain("Worked in");
    expect(closing?.text).to.contain("*Done.*");
    expect(closing?.blocks).to.deep.equal([]);
    expect(closing?.metadata?.event_payload.outcome).to.equal("completed");
  });

  for (const error of ["is_archived", "not_in_channel", "thread_not_found"]) {
    it(`gives a thread up that is out of reach (${error})`, async () => {
      await bench.fault({ method: "chat.postMessage", kind: "error", error });
      const session = await bench.mention();
      await session.begin();
      await session.report({ type: "phase", phase: "working" });
      await session.finish();
      await ownThread(bench, session.key, portsFor(bench)).done();
      expect(await session.answers()).to.deep.equal([]);
      expect(await bench.events.read(session.key, { afterSeq: 0 })).to.deep.equal([]);
    });
  }

  const lost = ["chat.postMessage", "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"];
  for (const method of lost) {
    for (const kind of ["500-after-effect", "500", "disconnect", "429"] as const) {
      it(`shows the same thread when ${method} meets ${kind}`, async () => {
        const expected = await short(() => Promise.resolve());
        const got = await short(() => bench.fault({ method, kind, retryAfterSeconds: 0 }));
        expect(got).to.deep.equal(expected);
      });
    }
  }

  it("posts nothing twice when Slack carries a call out after we stopped waiting for it", async () => {
    const session = await bench.mention();
    const ports = portsFor(bench, { lateEffectMs: 1_000 });
    let isFirst = true;
    const late: Promise<unknown>[] = [];
    const slow: typeof ports.slack = {
      call: async (method, args) => {
        if (method !== "chat.postMessage" || !isFirst) return ports.slack.call(method, args);
        isFirst = false;
        late.push(pause(400).then(() => ports.slack.call(method, args)));
        return { ok: false, failure: { kind: "unknown", reason: "timeout", isOver: false } };
      },
    };
    await session.begin();
    await session.finish();
    await ownThread(bench, session.key, { ...ports, slack: slow }).done();
    await Promise.all(late);
    const parts = (await session.answers()).map(({ metadata }) => metadata?.event_payload.part);
    expect(parts).to.deep.equal(["opening", "closing"]);
  });

  async function short(break_: () => Promise<void>) {
    const session = await bench.mention();
    await session.begin();
    await break_();
    const owner = ownThread(bench, session.key, portsFor(bench));
    await session.report({ type: "phase", phase: "working" }, { type: "text", text: "One. " });
    await owner.shown();
    await session.report(
      { type: "step", id: "a", title: "Work", status: "complete" },
      { type: "text", text: "Two.\n" },
    );
    await owner.shown();
    await session.finish();
    await owner.done();
    await clearFaults();
    return contentOf(await session.seen());
  }

  /** Reports the text in pieces, as a model would write it, and shows it on the way. */
  async function answer(text: string): Promise<string[]> {
    const session = await bench.mention();
    await session.begin();
    const owner = ownThread(bench, session.key, portsFor(bench));
    for (let from = 0; from < text.length; from += 1_700) {
      await session.report({ type: "text", text: text.slice(from, from + 1_700) });
      await owner.shown();
    }
    await session.finish({ outcome: "no-changes" });
    await owner.done();
    const answers = await session.answers();
    expect(answers.at(-1)?.metadata?.event_payload.part).to.equal("closing");
    const { messages } = contentOf(await session.seen());
    return messages.slice(1, -1).map(({ text: shown }) => shown);
  }

  async function clearFaults(): Promise<void> {
    await fetch(`${bench.sandbox.url}/sandbox/faults`, { method: "DELETE" });
  }
});

/** Nothing missing, nothing twice: fences that were closed and opened again at a seam are the only addition. */
function expectWhole(messages: string[]): void {
  for (const message of messages) {
    expect(Buffer.byteLength(message)).to.be.at.most(9_000);
    expect(message.split("\n").filter((line) => line.startsWith("```")).length % 2).to.equal(0);
  }
  const joined = messages.map((message) => message.trim()).join("\n");
  const lines = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("```"));
  expect(lines(joined).filter((line) => !line.startsWith("**"))).to.deep.equal(lines(ANSWER));
}

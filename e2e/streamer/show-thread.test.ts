import { until } from "@peerbot/testing";
import { expect } from "chai";
import { ADA, openBench, type PlayedSession, type StreamerBench } from "./streamer-bench.ts";
import { buttonsOf, contentOf } from "./thread-content.ts";

describe("a session's thread in Slack", () => {
  let bench: StreamerBench;
  before(async () => {
    bench = await openBench();
    await bench.startStreamer();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("answers a mention at once with a Stop button and the native sign that it works", async () => {
    const before = performance.now();
    const session = await bench.mention();
    const [opening] = await until(async () => nonEmpty(await session.answers()), { what: "a first sign" });
    expect(performance.now() - before).to.be.lessThan(5_000);
    expect(opening?.text).to.equal("On it. Getting a workspace ready…");
    expect(buttonsOf(opening)).to.deep.equal([{ id: "stop", label: "Stop", value: session.key }]);
    expect(opening?.metadata?.event_payload).to.include({ session: session.key, part: "opening" });
    await until(async () => (await session.seen()).session?.status === "processing", { what: "the native Stop" });
  });

  it("streams plan and answer, then says how it ended with everything to see", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.report(
      { type: "phase", phase: "cloning" },
      { type: "phase", phase: "working" },
      { type: "step", id: "a", title: "Read src/app.ts", status: "in_progress" },
      { type: "text", text: "I will add the **endpoint** now" },
    );
    const stream = await until(
      async () => (await session.answers()).find((message) => message.stream?.tasks.length === 2),
      {
        what: "a stream with two rows",
      },
    );
    expect(stream.stream).to.deep.include({ state: "in_progress", displayMode: "plan", planTitle: "Working" });
    expect(stream.stream?.tasks.map(({ title, status }) => [title, status])).to.deep.equal([
      ["Workspace ready", "complete"],
      ["Read src/app.ts", "in_progress"],
    ]);
    const opening = (await session.answers())[0];
    expect(opening?.text).to.equal(
      `Working in <http://127.0.0.1:1/peerbot-sandbox/user-ada|peerbot-sandbox/user-ada> on \`claude/session-${session.key}\``,
    );
    await session.report(
      { type: "step", id: "a", title: "Read src/app.ts", status: "complete" },
      { type: "text", text: ".\n" },
      { type: "phase", phase: "committing" },
      { type: "phase", phase: "pushing" },
    );
    await session.finish({
      commit: { sha: "1a2b3c4d5e6f", subject: "Add a <health> endpoint" },
      changes: { files: 3, insertions: 120, deletions: 14 },
      pullRequest: { number: 7, url: "https://github.example/pull/7" },
      usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.42, turns: 3, durationMs: 1 },
    });
    await untilQuiet(session);
    const [first, progress, closing, ...more] = await session.answers();
    expect(more).to.deep.equal([]);
    expect(first?.text).to.match(/^Worked in /);
    expect(buttonsOf(first)).to.deep.equal([]);
    expect(progress?.stream?.state).to.equal("completed");
    expect(progress?.stream?.planTitle).to.equal("Done");
    expect(progress?.stream?.tasks.map(({ title, status }) => [title, status])).to.deep.equal([
      ["Workspace ready", "complete"],
      ["Read src/app.ts", "complete"],
      ["Branch pushed", "complete"],
    ]);
    expect(progress?.text).to.equal("I will add the **endpoint** now.\n");
    expect(closing?.text).to.contain(`<@${ADA.id}> :white_check_mark: *Done.* Add a &lt;health&gt; endpoint`);
    expect(closing?.text).to.contain("3 files changed, +120 −14");
    expect(closing?.text).to.contain("`1a2b3c4`");
    expect(buttonsOf(closing)).to.deep.equal([
      { id: "open_link", label: "View pull request", value: "https://github.example/pull/7" },
    ]);
    expect(closing?.metadata?.event_payload).to.include({
      outcome: "completed",
      commit: "1a2b3c4d5e6f",
      pull_request_number: 7,
      pull_request_url: "https://github.example/pull/7",
      branch: `claude/session-${session.key}`,
    });
    expect((await session.seen()).session?.status).to.equal("active");
  });

  it("tells who waits when it starts, and that it was cancelled", async () => {
    const session = await bench.mention();
    const until14 = Date.now() + 5 * 60_000;
    await bench.events.append(session.key, 0, {
      type: "waiting",
      reason: "user-limit",
      until: until14,
      position: 2,
      limit: { max: 5, windowSeconds: 900 },
    });
    const opening = await until(async () => (await session.answers()).find(({ text }) => text.includes("position 2")), {
      what: "the waiting to be told",
    });
    expect(opening.text).to.match(
      /^You have used your 5 runs of the last 15 minutes\. This one starts at <!date\^\d+\^\{time\}\|\d\d:\d\d UTC> \(position 2\)\.$/,
    );
    expect(buttonsOf(opening)).to.deep.equal([{ id: "stop", label: "Cancel", value: session.key }]);
    const settleThrough = (await bench.inbox.pending(session.key)).at(-1)?.inboxId ?? "";
    await bench.runs.cancel(session.key, { settleThrough, user: ADA.id, after: 0 });
    await untilQuiet(session);
    const [first, closing] = await session.answers();
    expect(first?.text).to.equal("Withdrawn before it began.");
    expect(closing?.text).to.equal(`<@${ADA.id}> *Cancelled* before it began. Nothing was changed.`);
    expect(closing?.metadata?.event_payload.outcome).to.equal("cancelled");
  });

  it("says what failed and what to do, with Retry, and shows the next try in the same round", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.report(
      { type: "phase", phase: "working" },
      { type: "step", id: "a", title: "Build", status: "in_progress" },
      { type: "text", text: "```\nhalf a blo" },
    );
    await session.end({ reason: "node-lost", isRetrying: true });
    await session.begin();
    await session.report({ type: "text", text: "again" });
    await session.end({ reason: "out-of-memory", isRetrying: false });
    await untilQuiet(session);
    const closing = await session.closing();
    expect(contentOf(await session.seen()).messages[1]).to.deep.include({
      title: "Did not finish",
      text: "```\nhalf a blo\n```\n\n_The run broke off here and was tried again._\n\nagain",
      rows: ["error Build", "complete The run broke off and is being tried again"],
    });
    expect(closing?.text).to.equal(
      `<@${ADA.id}> :warning: *This did not work.* The work needed more memory than a run may use.\nAsk for it in smaller steps, or press *Retry*.`,
    );
    expect(buttonsOf(closing)).to.deep.equal([{ id: "retry", label: "Retry", value: session.key }]);
    expect(closing?.metadata?.event_payload).to.include({ outcome: "failed", failure_code: "out-of-memory" });
  });

  it("marks a reply as seen and then as taken", async () => {
    const session = await bench.mention();
    await session.begin();
    const reply = await session.reply("and a test, please");
    const reactions = async () =>
      (await session.seen()).messages
        .find(({ ts }) => ts === reply.ts)
        ?.reactions.map(({ name }) => name)
        .join();
    await until(async () => (await reactions()) === "eyes", { what: "eyes on the reply" });
    await session.report({ type: "messages-taken", ids: [reply.id] });
    await until(async () => (await reactions()) === "white_check_mark", { what: "a check mark instead" });
    await session.finish({ outcome: "no-changes" });
    await untilQuiet(session);
    expect((await session.answers()).map(({ text }) => text).at(-1)).to.contain("*Done.* No files were changed.");
  });

  it("shows what comes after the end as a round of its own, below the closing", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.finish({ outcome: "stopped" });
    await session.accept({ kind: "continue", id: "continue-1" });
    await until(async () => (await session.answers()).length === 3, { what: "the second opening" });
    const [, closing, opening] = await session.answers();
    expect(buttonsOf(closing)).to.deep.equal([{ id: "continue", label: "Continue", value: session.key }]);
    expect(opening?.text).to.equal("Carrying on. Getting a workspace ready…");
    await session.begin();
    await session.finish({ outcome: "saved" });
    await untilQuiet(session);
    expect((await session.answers()).length).to.equal(4);
  });

  it("lets nothing act that a model or a repository name brings", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.report(
      { type: "step", id: "a", title: "Run <!channel> @here", status: "error", detail: "<@U0GRACE001>" },
      { type: "notice", text: "<!everyone> ghp_0123456789012345678901234567890123456789" },
      { type: "text", text: "<!channel> <@U0GRACE001> @here [x](javascript:alert(1)) `<!here>`" },
    );
    await session.finish({
      outcome: "failed",
      failure: { code: "odd", message: "<!channel> broke", hint: "ask @here" },
    });
    await untilQuiet(session);
    const told = JSON.stringify((await session.answers()).map(({ text, blocks, stream }) => [text, blocks, stream]));
    expect(told).not.to.match(/<!(channel|here|everyone)|<@U0GRACE|@here|javascript:|ghp_/);
    expect(told).to.contain("&lt;!channel>");
  });

  it("forgets nothing it still has to show and keeps no thread on its list when done", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.finish();
    await untilQuiet(session);
    expect(await bench.events.read(session.key, { afterSeq: 0 })).to.deep.equal([]);
  });
});

/** The closing is there and the events behind it are not needed any more. */
async function untilQuiet(session: PlayedSession): Promise<void> {
  await until(
    async () => {
      const { session: status } = await session.seen();
      return (await session.closing()) !== undefined && status?.status === "active";
    },
    { what: "the closing" },
  );
  // The opening is tidied up after the closing.
  await until(async () => buttonsOf((await session.answers())[0]).length === 0, { what: "the opening to be quiet" });
  await until(async () => (await session.answers()).every(({ stream }) => stream?.state !== "in_progress"), {
    what: "streams to be stopped",
  });
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

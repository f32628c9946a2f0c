import { until } from "@peerbot/testing";
import { expect } from "chai";
import { takeThreadLease } from "../../services/streamer/src/thread/thread-lease.ts";
import { LeaseLostError } from "../../services/streamer/src/thread/thread-store.ts";
import { ownThread, portsFor } from "./own-thread.ts";
import { openBench, type PlayedSession, type StreamerBench } from "./streamer-bench.ts";
import { contentOf } from "./thread-content.ts";

describe("several streamers", () => {
  let bench: StreamerBench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("never double anything between them", async () => {
    await using first = await bench.startStreamer();
    await using second = await bench.startStreamer();
    expect(first.internalPort).not.to.equal(second.internalPort);
    const sessions = await Promise.all(Array.from({ length: 6 }, () => bench.mention()));
    await Promise.all(sessions.map((session) => playRun(session)));
    await Promise.all(sessions.map((session) => untilClosed(session)));
    for (const session of sessions) {
      const { messages } = contentOf(await session.seen());
      expect(messages.map(({ part }) => part)).to.deep.equal(["opening", "progress", "closing"]);
      expect(messages[1]?.text).to.equal("One. Two. Three. ");
    }
  });

  it("take over what a stopped one leaves, in the middle of a run", async () => {
    const first = await bench.startStreamer();
    const session = await bench.mention();
    await session.begin();
    await session.report({ type: "text", text: "One. " });
    await until(async () => (await session.answers()).some(({ stream }) => stream?.parts.length === 1), {
      what: "the first words",
    });
    await first[Symbol.asyncDispose]();
    await session.report({ type: "text", text: "Two. " });
    await session.finish();
    await using _second = await bench.startStreamer();
    await untilClosed(session);
    const { messages } = contentOf(await session.seen());
    expect(messages.map(({ text }) => text)[1]).to.equal("One. Two. ");
    expect(messages.length).to.equal(3);
  });

  it("say nothing any more once another owns the thread", async () => {
    const session = await bench.mention();
    await session.begin();
    const sleeper = ownThread(bench, session.key, portsFor(bench));
    await session.report({ type: "text", text: "One. " });
    await sleeper.shown();
    const owner = ownThread(bench, session.key, portsFor(bench));
    await owner.shown();
    await session.report({ type: "text", text: "Two. " });
    const failure = await sleeper.shown().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(LeaseLostError);
    await session.finish();
    await owner.done();
    expect(contentOf(await session.seen()).messages.map(({ text }) => text)[1]).to.equal("One. Two. ");
  });

  it("say nothing any more after they stood still for longer than their lease", async () => {
    const session = await bench.mention();
    await session.begin();
    await session.report({ type: "text", text: "One. " });
    let hasStoodStill = false;
    const ports = portsFor(bench);
    const asleepAfter = {
      ...ports.store,
      save: async (...args: Parameters<typeof ports.store.save>) => {
        await ports.store.save(...args);
        hasStoodStill = true;
      },
    };
    const sleeper = ownThread(bench, session.key, { ...ports, store: asleepAfter }, { isHeld: () => !hasStoodStill });
    expect(await sleeper.shown().catch((error: unknown) => error)).to.be.instanceOf(LeaseLostError);
    expect(await session.answers()).to.deep.equal([]);
    const owner = ownThread(bench, session.key, portsFor(bench));
    await session.finish();
    await owner.done();
    expect(contentOf(await session.seen()).messages.map(({ part }) => part)).to.deep.equal([
      "opening",
      "progress",
      "closing",
    ]);
  });

  it("know from the clock that a lease may have run out", async () => {
    const { redis, prefix } = bench.redis;
    const { key } = await bench.mention();
    await using lease = await takeThreadLease({ redis, prefix, key, ttlMs: 1_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(lease?.isHeld()).to.equal(true);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    expect(lease?.isHeld()).to.equal(false);
  });

  it("keep together below Slack's limits, so that nothing is refused", async function () {
    this.timeout(30_000);
    await using strict = await openBench({ rateLimits: { isEnabled: true, scale: 1 } });
    await strict.startStreamer({}, {});
    await strict.startStreamer({}, {});
    const sessions = await Promise.all(Array.from({ length: 3 }, () => strict.mention()));
    await Promise.all(sessions.map((session) => playRun(session)));
    await Promise.all(sessions.map((session) => untilClosed(session, 20_000)));
    const calls = await strict.calls();
    expect(calls.filter(({ httpStatus }) => httpStatus === 429).map(({ method }) => method)).to.deep.equal([]);
    for (const session of sessions) {
      expect(contentOf(await session.seen()).messages[1]?.text).to.equal("One. Two. Three. ");
    }
  });

  it("tell how a run ended before they tell more of what others do, however little Slack lets through", async function () {
    this.timeout(30_000);
    await using strict = await openBench();
    const slow = { workspace: { perMinute: 60, burst: 4 } };
    await strict.startStreamer({}, { paceLimits: { "chat.appendStream": slow } });
    const talkers = await Promise.all(Array.from({ length: 5 }, () => strict.mention()));
    const ending = await strict.mention();
    const sessions = [...talkers, ending];
    const step = { type: "step", id: "a", title: "Work", status: "in_progress" } as const;
    for (const session of sessions) await session.begin();
    await Promise.all(sessions.map((session) => session.report(step)));
    await until(async () => (await strict.calls("chat.startStream")).length === sessions.length, {
      what: "all to have begun to show something",
    });
    const appends = () => strict.calls("chat.appendStream");
    for (const talker of talkers) await talker.report({ type: "text", text: "One. " });
    await until(async () => (await appends()).length >= 3, { what: "the burst to be used up" });

    await ending.report({ type: "text", text: "That is all." });
    await ending.finish();
    await untilClosed(ending);

    const others = (await appends()).filter(({ threadTs }) => threadTs !== ending.thread.threadTs);
    expect(others.length, "what others still had to say when the end was told").to.be.below(talkers.length);
    const [last] = contentOf(await ending.seen()).messages.slice(-1);
    expect(last?.part).to.equal("closing");
    const isShown = async (session: PlayedSession) =>
      (await session.answers()).some(({ stream }) => JSON.stringify(stream).includes("One. "));
    for (const talker of talkers) await until(() => isShown(talker), { what: "the others' text", timeoutMs: 15_000 });
  });

  it("wait a 429 out as long as Slack says", async () => {
    await using _streamer = await bench.startStreamer();
    await bench.fault({ method: "chat.postMessage", kind: "429", retryAfterSeconds: 1 });
    const before = performance.now();
    const session = await bench.mention();
    await until(async () => (await session.answers()).length === 1, { what: "the opening" });
    expect(performance.now() - before).to.be.greaterThan(950);
  });

  it("count what they do", async () => {
    await using streamer = await bench.startStreamer();
    const session = await bench.mention();
    await playRun(session);
    await untilClosed(session);
    const metrics = await until(
      async () => {
        const text = await (await fetch(`http://127.0.0.1:${streamer.internalPort}/metrics`)).text();
        return /peerbot_threads_behind\{[^}]*\} 0/.test(text) && text;
      },
      { what: "the thread to be no longer behind" },
    );
    expect(metrics).to.match(/peerbot_slack_calls_total\{method="chat\.postMessage",result="ok"[^}]*\} 2/);
    expect(metrics).to.match(/peerbot_first_sign_seconds_count\{[^}]*\} 1/);
    expect(metrics).to.match(/peerbot_final_state_seconds_count\{[^}]*\} 1/);
    expect(metrics).to.match(/peerbot_first_model_request_seconds_count\{[^}]*\} 1/);
    expect(metrics).to.contain("peerbot_slack_rate_limited_total");
  });

  async function playRun(session: PlayedSession): Promise<void> {
    await session.begin();
    await bench.events.append(session.key, 0, { type: "model-requested" }).catch(() => {});
    for (const text of ["One. ", "Two. ", "Three. "]) {
      await session.report({ type: "text", text });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await session.finish();
  }
});

async function untilClosed(session: PlayedSession, timeoutMs = 10_000): Promise<void> {
  await until(() => session.closing(), { what: "the closing", timeoutMs });
}

import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type FencingBench, openFencingBench } from "./fencing-bench.ts";

const stateOf = (sessionKey: string, epoch: number) => ({
  ifGeneration: null,
  state: {
    ...{ v: 1, sessionKey, epoch, savedAt: epoch, agent: "claude", agentSessionId: "one", handledThrough: "0-0" },
    transcript: { "": [{ said: `by run ${epoch}` }] },
  },
});

describe("two workers of one session", function () {
  this.timeout(30_000);
  let bench: FencingBench;
  beforeEach(async () => {
    bench = await openFencingBench();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it("cannot both begin one run", async () => {
    await bench.say("what is here?");
    const token = await bench.startTokenOf(await bench.begin());
    const answers = await Promise.all([1, 2].map(async () => (await bench.exchange(token)).status));
    expect(answers.toSorted()).to.deep.equal([200, 409]);
  });

  it("cannot both write: events, conversation, model, branch, pull request and outcome are the newer one's", async () => {
    await bench.say("what is here?");
    const old = await bench.takeUp(await bench.begin());
    const newer = await bench.takeUp(await bench.begin());
    const both = [old, newer] as const;
    const calls = {
      events: ["POST", "/v1/events", { events: [{ n: 1, event: { type: "text", text: "from a run" } }] }],
      "pull request": ["POST", "/v1/pull-request", { title: "Work", body: "done" }],
      finish: [
        "POST",
        "/v1/finish",
        {
          event: { type: "finished", outcome: "completed", branch: bench.branch },
          handledThrough: "0-0",
          isForced: true,
        },
      ],
    } as const;
    const atOnce = async (...call: readonly [string, string, unknown]) => {
      const [late, live] = await Promise.all(both.map((hands) => hands.call(...call)));
      return { late, live: live?.status };
    };
    const isTheNewers = { late: { status: 409, code: "fenced" }, live: 200 };

    expect(await atOnce(...calls.events), "events").to.deep.equal(isTheNewers);
    const saves = both.map((hands) => hands.call("PUT", "/v1/conversation", stateOf(bench.key, hands.run.epoch)));
    expect(
      (await Promise.all(saves)).map(({ status }) => status),
      "conversation",
    ).to.deep.equal([409, 200]);
    const asked = await Promise.all(both.map((hands) => hands.askModel()));
    expect(
      asked.map(({ status }) => status),
      "model",
    ).to.deep.equal([409, 200]);
    const pushed = await Promise.all(both.map((hands) => hands.push()));
    expect(pushed[0]?.words).to.include("this run is over");
    expect(pushed[1]?.exitCode, pushed[1]?.words).to.equal(0);
    expect(await atOnce(...calls["pull request"]), "pull request").to.deep.equal(isTheNewers);
    expect(await atOnce(...calls.finish), "finish").to.deep.equal(isTheNewers);

    const written = (await bench.events.read(bench.key, { afterSeq: 0 })).flatMap((stored) =>
      stored.event === undefined || stored.epoch === 0 ? [] : [`${stored.event.type} ${stored.epoch}`],
    );
    expect(written.filter((line) => !line.startsWith("model-requested"))).to.deep.equal([
      `run-started ${old.run.epoch}`,
      `run-started ${newer.run.epoch}`,
      `text ${newer.run.epoch}`,
      `finished ${newer.run.epoch}`,
    ]);
    expect(bench.sandbox.github.pushes.filter(({ ref }) => ref === `refs/heads/${bench.branch}`)).to.have.length(1);
    expect(bench.sandbox.github.pullRequests()).to.have.length(1);
  });

  it("end with one that works on and one that stops by itself, saying why", async () => {
    const first = await bench.say("script: write half.txt | zombie ;; bash sleep 60");
    const old = await bench.begin();
    const zombie = await bench.startWorker(old);
    const isSleeping = async () =>
      (await bench.events.read(bench.key, { afterSeq: 0 })).some(
        ({ event }) => event?.type === "step" && event.title === "Run sleep 60",
      );
    await until(isSleeping, { what: "the old worker to be in the middle of its work" });

    const newer = await bench.begin({ inboxAfter: first.inboxId });
    await bench.say("create new.txt saying new");
    const worker = await bench.startWorker(newer);
    expect(await zombie.exitCode(), zombie.log()).to.equal(4);
    expect(zombie.log()).to.match(/"code":"fenced".*"run-fenced"/);
    expect(await worker.exitCode(), worker.log()).to.equal(0);

    const stored = await bench.events.read(bench.key, { afterSeq: 0 });
    const epochs = stored.flatMap((each) => (each.event === undefined ? [] : [each.epoch]));
    expect(epochs.slice(epochs.indexOf(newer.epoch))).to.not.include(old.epoch);
    expect(stored.at(-1)?.event).to.include({ type: "finished", outcome: "completed" });
    expect(await bench.files())
      .to.include("new.txt")
      .and.not.include("half.txt");
    expect(bench.sandbox.github.pullRequests()).to.have.length(1);
  });
});

import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";
import { answerIn, noticesIn } from "./read-events.ts";
import { type Bench, setUpBench, type WorkerProcess } from "./worker-bench.ts";

describe("a worker that must go", function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const LONG_WORK = "script: write half.txt | done so far ;; bash sleep 60 ;; write rest.txt | never";
  const isSleeping = () =>
    until(() => bench.gateway.run.events.some((event) => event.type === "step" && event.title === "Run sleep 60"), {
      what: "the agent to sleep",
      timeoutMs: 15_000,
    });

  it("saves its work on SIGTERM, and the next run carries on from it", async () => {
    const { gateway } = bench;
    gateway.receive({ text: LONG_WORK });
    const worker = bench.startWorker();
    await isSleeping();
    worker.child.kill("SIGTERM");

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished).to.deep.include({ outcome: "saved", branch: bench.branch });
    expect(await bench.git("show", `${bench.branch}:half.txt`)).to.equal("done so far");
    expect(gateway.conversation?.state.epoch).to.equal(1);

    gateway.receive({ kind: "continue" });
    const next = bench.startWorker();
    await isSleeping();
    next.child.kill("SIGTERM");
    expect(await next.exitCode(), next.log()).to.equal(0);
    expect(gateway.conversation?.state.epoch).to.equal(2);
  });

  it("saves its work a margin before the deadline", async () => {
    const { gateway } = bench;
    gateway.receive({ text: LONG_WORK });
    const worker = bench.startWorker({ seconds: 30, env: { SAVE_MARGIN_SECONDS: "20" } });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("saved");
    expect(await bench.git("show", `${bench.branch}:half.txt`)).to.equal("done so far");
  });

  describe("tells in time how it ended when SIGTERM comes", () => {
    const GRACE_SECONDS = 15;

    async function terminateWithout(takeAway: () => void): Promise<void> {
      bench.gateway.receive({ text: LONG_WORK });
      const worker = bench.startWorker({ env: { STOP_GRACE_SECONDS: String(GRACE_SECONDS) } });
      await isSleeping();
      takeAway();
      worker.child.kill("SIGTERM");
      const killing = setTimeout(() => worker.child.kill("SIGKILL"), GRACE_SECONDS * 1_000);
      const exitCode = await worker.exitCode();
      clearTimeout(killing);
      expect(exitCode, worker.log()).to.equal(0);
    }

    it("and nobody takes its conversation", async () => {
      const { gateway } = bench;
      await terminateWithout(() => (gateway.beforeSave = () => new Promise(() => {})));
      expect(gateway.run.finished?.outcome).to.equal("saved");
      expect(await bench.git("show", `${bench.branch}:half.txt`)).to.equal("done so far");
      expect(noticesIn(gateway.run.events).at(-1)).to.match(/^Our conversation could not be saved \(there was no time/);
    });

    it("and nobody takes its work", async () => {
      const { gateway } = bench;
      await terminateWithout(() => (gateway.beforePush = () => new Promise(() => {})));
      expect(gateway.run.finished?.failure?.code).to.equal("out-of-time");
      expect(gateway.conversation?.state.epoch).to.equal(1);
    });
  });

  it("leaves nothing running of what the agent started", async () => {
    const { gateway } = bench;
    // Of this test alone: sleepers of others are none of its business.
    const sleeper = `sleep 9${process.pid}.${Date.now() % 1_000_000}`;
    gateway.receive({ text: `script: bash nohup setsid ${sleeper} >/dev/null 2>&1 & ;; say started` });
    const worker = bench.startWorker();
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    const { stdout } = await execa("ps", ["-eo", "args"]);
    expect(stdout).not.to.contain(sleeper);
  });

  it("keeps even what the agent's binary notes for itself in its own folder", async () => {
    bench.gateway.receive({ text: "script: bash echo done ;; say finished" });
    const worker = bench.startWorker();
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    // Named for the folder it works in.
    const everywhere = await readdir(`/tmp/claude-${process.getuid?.()}`).catch(() => []);
    expect(everywhere.filter((name) => name.includes(basename(bench.folder)))).to.deep.equal([]);
  });

  it("stops at once and writes nothing more when a newer run has begun", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: write half.txt | zombie ;; bash sleep 60" });
    const worker = bench.startWorker();
    await isSleeping();
    gateway.beginRun();

    // It hears of it with its next call, here the poll of the inbox or an event.
    gateway.receive({ text: "hello" });
    expect(await worker.exitCode(), worker.log()).to.equal(4);
    expect(worker.log()).to.contain("run-fenced");
    expect(await bench.git("branch", "--list", bench.branch)).to.equal("");
    expect(gateway.conversation).to.equal(undefined);
  });

  /** A conversation that is saved while the second of two runs is at work. Gives that run's worker. */
  async function saveMeanwhile(stored: { epoch: number }): Promise<WorkerProcess> {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await bench.startWorker().exitCode();
    gateway.receive({ text: "create more.txt saying ho" });
    gateway.beforePush = async () => {
      const { conversation } = gateway;
      if (conversation === undefined) throw new Error("the first run saved no conversation");
      gateway.conversation = { generation: "other", state: { ...conversation.state, ...stored } };
    };
    return bench.startWorker();
  }

  it("does not overwrite a conversation that a newer run saved meanwhile", async () => {
    const worker = await saveMeanwhile({ epoch: 3 });
    expect(await worker.exitCode(), worker.log()).to.equal(4);
    expect(bench.gateway.conversation?.generation).to.equal("other");
  });

  for (const [whose, epoch] of [
    ["of the run before it", 1],
    ["of its own that it gave up on", 2],
  ] as const) {
    it(`keeps its conversation when a save ${whose} takes effect late`, async () => {
      const worker = await saveMeanwhile({ epoch });
      expect(await worker.exitCode(), worker.log()).to.equal(0);
      expect(bench.gateway.conversation?.state.epoch).to.equal(2);
      expect(JSON.stringify(bench.gateway.conversation?.state.transcript)).to.contain("more.txt");
    });
  }

  it("cannot be started twice with one start token", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "what is here?" });
    const first = bench.startWorker();
    await until(() => gateway.run.startToken === "", { what: "the start token to be used" });
    const twin = bench.startWorker({ isTwin: true });
    expect(await twin.exitCode()).to.equal(4);
    expect(await first.exitCode(), first.log()).to.equal(0);
    expect(answerIn(gateway.run.events)).to.contain("Nothing was changed.");
  });
});

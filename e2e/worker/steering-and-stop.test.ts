import { setTimeout as pause } from "node:timers/promises";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { answerIn, stepsIn, takenIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("what people do while a worker works", function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const isRunning = (title: string) =>
    until(() => bench.gateway.run.events.some((event) => event.type === "step" && event.title === title), {
      what: `the step ${title}`,
      timeoutMs: 15_000,
    });

  it("reaches the agent in the same turn", async () => {
    const { gateway } = bench;
    const first = gateway.receive({ text: "sleep 3" });
    const worker = bench.startWorker();
    await isRunning("Sleep 3 s");
    const second = gateway.receive({ text: "create also.txt saying yes" });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(gateway.run.handledThrough).to.equal(second.inboxId);
    expect(takenIn(gateway.run.events)).to.deep.equal([first.message.id, second.message.id]);
    expect(answerIn(gateway.run.events)).to.match(
      /Heard in mid-work: “create also.txt saying yes”[\s\S]*I slept for 3 s/,
    );
    expect(await bench.git("show", `${bench.branch}:also.txt`)).to.equal("yes");
  });

  it("is answered when it missed the turn's last tool call, however long the model takes to begin", async () => {
    const { gateway } = bench;
    gateway.receive({ text: `script: pace 150 ;; say ${"slowly ".repeat(60)}` });
    const worker = bench.startWorker();
    await until(() => answerIn(gateway.run.events) !== "", { what: "the agent to speak", timeoutMs: 15_000 });
    // Longer than a turn waits for another one, and than its process may take to leave.
    gateway.beforeModel = () => pause(9_000);
    const late = gateway.receive({ text: "script: say I heard you." });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished).to.include({ outcome: "no-changes" });
    expect(answerIn(gateway.run.events)).to.contain("I heard you.");
    expect(gateway.run.handledThrough).to.equal(late.inboxId);
    expect(gateway.runs).to.have.length(1);
  });

  it("starts another turn of the same run when it comes too late for the turn", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create one.txt saying 1" });
    let late = false;
    gateway.beforePush = async () => {
      if (!late) gateway.receive({ text: "create two.txt saying 2" });
      late = true;
    };
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(await bench.git("log", "--format=%s", `main..${bench.branch}`)).to.equal(
      "Create two.txt saying 2\nCreate one.txt saying 1",
    );
    expect(gateway.runs).to.have.length(1);
  });

  it("replaces a message by its edit as long as the agent has not been given it, and corrects it later", async () => {
    const { gateway } = bench;
    const said = gateway.receive({ text: "create wrong.txt saying wrong" });
    gateway.receive({ kind: "edited", edits: said.message.id, text: "sleep 6" });
    const worker = bench.startWorker();
    await isRunning("Sleep 6 s");
    gateway.receive({ kind: "edited", edits: said.message.id, text: "create right.txt saying right" });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(await bench.git("ls-tree", "--name-only", bench.branch)).to.equal("README.md\nright.txt");
    expect(answerIn(gateway.run.events)).to.contain("I corrected an earlier message. It now reads:");
  });

  it("stops the agent, pushes what is there and says so", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: write half.txt | done so far ;; bash sleep 60 ;; write rest.txt | never" });
    const worker = bench.startWorker();
    await isRunning("Run sleep 60");
    const stop = gateway.receive({ kind: "stop" });
    const stoppedAt = Date.now();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(Date.now() - stoppedAt).to.be.below(30_000);
    expect(gateway.run.finished).to.deep.include({ outcome: "stopped", branch: bench.branch });
    expect(gateway.run.handledThrough).to.equal(stop.inboxId);
    expect(await bench.git("ls-tree", "--name-only", bench.branch)).to.equal("README.md\nhalf.txt");
    expect(stepsIn(gateway.run.events)).to.deep.equal(["Write half.txt: complete", "Run sleep 60: error"]);
    expect(gateway.pullRequests).to.deep.equal([]);

    gateway.receive({ text: "what did I ask before?" });
    await bench.startWorker().exitCode();
    expect(answerIn(gateway.run.events)).to.contain("1. script: write half.txt");
  });

  it("stops once however often Stop is pressed, and keeps what was done", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: write half.txt | done so far ;; bash sleep 60" });
    const worker = bench.startWorker();
    await isRunning("Run sleep 60");
    gateway.receive({ kind: "stop" });
    const second = gateway.receive({ kind: "stop" });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("stopped");
    expect(gateway.run.finished?.commit?.sha).to.equal(await bench.git("rev-parse", bench.branch));
    expect(gateway.run.handledThrough).to.equal(second.inboxId);
    expect(gateway.runs).to.have.length(1);
  });

  it("withdraws what was not begun yet", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    gateway.receive({ kind: "stop" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished).to.deep.equal({ type: "finished", outcome: "stopped", branch: bench.branch });
    expect(bench.claude.standIn.requests).to.deep.equal([]);
  });
});

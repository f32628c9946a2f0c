import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FaultPoint } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { answerIn, noticesIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("a run that died before its time", function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  /** Starts a worker that dies at a point. */
  async function dieAt(point: FaultPoint): Promise<void> {
    await writeFile(join(bench.folder, point), "");
    const worker = bench.startWorker({ env: { FAULT_POINTS_DIR: bench.folder } });
    await worker.exitCode();
    expect(worker.child.signalCode, worker.log()).to.equal("SIGKILL");
  }

  async function finish(): Promise<void> {
    const worker = bench.startWorker();
    expect(await worker.exitCode(), worker.log()).to.equal(0);
  }

  it("is over at once when another takes its place, whatever it still waits for", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    const conversation = Promise.withResolvers<void>();
    gateway.beforeConversation = () => {
      gateway.beginRun();
      return conversation.promise;
    };
    // Tried again, it meets the other run.
    gateway.refuseGitRequests = 1;
    const worker = bench.startWorker();
    await until(() => worker.log().includes("run-fenced"), { what: "the worker to learn of it", timeoutMs: 20_000 });
    conversation.resolve();
    expect(await worker.exitCode(), worker.log()).to.equal(4);
  });

  it("leaves whatever would hold it open, be its outcome told or not", async () => {
    // As a connection or a process would that somebody forgot.
    const NODE_OPTIONS = "--import=data:text/javascript,setInterval(()=>{},1000)";
    bench.gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker({ env: { NODE_OPTIONS } });
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(bench.gateway.run.finished?.outcome).to.equal("completed");
    const misled = bench.startWorker({ env: { NODE_OPTIONS, GATEWAY_URL: "nowhere" } });
    expect(await misled.exitCode(), misled.log()).to.equal(78);
  });

  it("gets a pull request for what it had pushed", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await dieAt("worker.after-push");
    const pushed = await bench.git("rev-parse", bench.branch);
    await finish();
    expect(gateway.run.finished).to.nested.include({ outcome: "completed", "commit.sha": pushed });
    expect(gateway.pullRequests).to.have.length(1);
    expect(await bench.git("rev-parse", bench.branch)).to.equal(pushed);
  });

  it("is told to its end by the next one without being asked anything again", async () => {
    const { gateway } = bench;
    const said = gateway.receive({ text: "create hello.txt saying hi" });
    await dieAt("worker.after-save");
    const requests = gateway.modelBodies.length;
    await finish();
    expect(gateway.run.finished).to.deep.include({
      outcome: "completed",
      pullRequest: { number: 1, url: "http://git.example/acme/app/pull/1" },
    });
    expect(gateway.modelBodies).to.have.length(requests);
    expect(gateway.pullRequests).to.have.length(1);
    expect(gateway.run.events).to.deep.include({ type: "messages-taken", ids: [said.message.id] });
  });

  it("is asked once more by “Try again”, not twice", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: say Once." });
    await dieAt("worker.after-turn");
    gateway.receive({ kind: "retry" });
    await finish();
    expect(answerIn(gateway.run.events).match(/Once\./g)).to.have.length(1);
  });

  it("goes on with what its agent had begun when the next one is asked the same", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: say One. ;; bash true ;; error 400" });
    await dieAt("worker.after-save");
    await finish();
    expect(gateway.modelBodies.filter((body) => body.includes("Try again."))).not.to.be.empty;
  });

  it("does not come about because the git host is away as the work is pushed", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    gateway.refusePushes = 2;
    await finish();
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi");
    expect(noticesIn(gateway.run.events)).to.include("The git host does not answer; trying again.");
  });

  it("is told at once what GitHub refuses for good", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    gateway.refusePullRequests = 502;
    await finish();
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(noticesIn(gateway.run.events).at(-1)).to.contain("the pull request could not be opened");
  });

  it("does not come about because the git host is away for a moment", async () => {
    const { gateway } = bench;
    gateway.refuseGitRequests = 2;
    gateway.receive({ text: "create hello.txt saying hi" });
    await finish();
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(noticesIn(gateway.run.events)).to.include("The git host does not answer; trying again.");
  });
});

import { expect } from "chai";
import { answerIn, noticesIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("a worker in trouble", function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it("fails with a clear cause when the model's key is refused, and “Try again” asks the same again", async () => {
    const { gateway, claude } = bench;
    claude.standIn.failNext({ fault: { kind: "status", status: 401 } });
    gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("failed");
    expect(gateway.run.finished?.failure).to.deep.equal({
      code: "model-unauthorized",
      message: "The model's API refused our key.",
      hint: "An administrator has to check ANTHROPIC_API_KEY.",
    });

    gateway.receive({ kind: "retry" });
    const next = bench.startWorker();
    expect(await next.exitCode(), next.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi");
  });

  it("says that the model is busy, and goes on when it is not any more", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: error 529 x5 ;; write hello.txt | hi ;; say Done" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(noticesIn(gateway.run.events)).to.have.length(5);
    expect(noticesIn(gateway.run.events)[0]).to.match(/^The model is busy; trying again in \d+ s \(1 of 8\)\.$/);
  });

  it("shows an answer once that broke off and was given again", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: say One. ;; cut ;; say Two. ;; bash true ;; say Three. ;; break ;; say Four." });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(answerIn(gateway.run.events)).to.match(/^One\.\n\nTwo\.\n\nThree\.\n\nFour\.\n\n_Played by/);
  });

  it("keeps what was done before the model gave up", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: write half.txt | kept ;; error 400" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished).to.deep.include({ outcome: "failed" });
    expect(gateway.run.finished?.failure?.code).to.equal("model-refused");
    expect(await bench.git("show", `${bench.branch}:half.txt`)).to.equal("kept");
    expect(gateway.pullRequests).to.deep.equal([]);
  });

  it("tells when the agent was killed, and keeps what it had done", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "script: write half.txt | kept ;; bash kill -9 $CLAUDE_PID" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("failed");
    expect(gateway.run.finished?.failure?.code).to.equal("agent-failed");
    expect(gateway.run.finished?.failure?.message).to.contain("SIGKILL");
    expect(await bench.git("show", `${bench.branch}:half.txt`)).to.equal("kept");
  });

  it("says all that is wrong with its settings, and never a value of them", async () => {
    const worker = bench.startWorker({ env: { GATEWAY_URL: "ftp://secret-host", WORKSPACE_DIR: "relative" } });
    expect(await worker.exitCode()).to.equal(78);
    expect(worker.log())
      .to.contain("GATEWAY_URL: must be an http or https address")
      .and.contain("WORKSPACE_DIR: must be an absolute path")
      .and.not.contain("secret-host");
  });

  it("answers a question without a commit or a pull request", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "what is in README.md?" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished).to.include({ outcome: "no-changes" }).and.not.have.any.keys("commit", "pullRequest");
    expect(answerIn(gateway.run.events)).to.contain("# App");
    expect(await bench.git("branch", "--list", bench.branch)).to.equal("");
    expect(gateway.pullRequests).to.deep.equal([]);
  });

  it("takes no word of a prompt for a command of its own", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "/compact $(touch pwned) `id` @/etc/passwd\n--help create safe.txt saying $(id)" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(await bench.git("ls-tree", "--name-only", bench.branch)).to.equal("README.md\nsafe.txt");
    expect(await bench.git("show", `${bench.branch}:safe.txt`)).to.equal("$(id)");
    expect(await bench.git("log", "-1", "--format=%s", bench.branch)).to.have.length.at.most(72);
  });

  it("tells why it cannot begin when the repository is gone", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await bench.deleteRepository();
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("failed");
    expect(gateway.run.finished?.failure?.code).to.equal("repository-not-found");
  });

  it("loses no event and keeps their order while the gateway fails", async () => {
    const { gateway } = bench;
    gateway.refuseEventBatches = 3;
    gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(answerIn(gateway.run.events)).to.match(/^I'll write `hello\.txt`\.\n\nDone: `hello\.txt` is in place\./);
  });

  it("asks for its run again when the answer to its start token got lost", async () => {
    const { gateway } = bench;
    gateway.loseTakes = 2;
    gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.loseTakes).to.equal(0);
    expect(gateway.run.finished).to.include({ outcome: "completed" });
  });

  it("tells again what a Redis that fell back has forgotten", async () => {
    const { gateway } = bench;
    gateway.beforePush = async () => void gateway.run.events.splice(1);
    gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(answerIn(gateway.run.events)).to.match(/^I'll write `hello\.txt`\.\n\nDone: `hello\.txt` is in place\./);
    const phases = gateway.run.events.flatMap((event) => (event.type === "phase" ? [event.phase] : []));
    expect(phases).to.deep.equal([...new Set(phases)]);
  });
});

import { expect } from "chai";
import { answerIn, phasesIn, stepsIn, takenIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("a worker's run", function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it("commits what the agent wrote, pushes it, opens a pull request and leaves", async () => {
    const { gateway } = bench;
    const said = gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    const { finished, events, handledThrough } = gateway.run;
    expect(finished).to.deep.include({
      outcome: "completed",
      branch: bench.branch,
      changes: { files: 1, insertions: 1, deletions: 0 },
      pullRequest: { number: 1, url: "http://git.example/acme/app/pull/1" },
    });
    expect(finished?.commit?.sha).to.equal(await bench.git("rev-parse", bench.branch));
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi");
    expect(await bench.git("log", "-1", "--format=%an|%B", bench.branch)).to.equal(
      "Peerbot|Create hello.txt saying hi\n\nRequested in Slack by Ada Lovelace.\n\nCo-authored-by: Ada Lovelace <ada@example.com>\n",
    );
    expect(gateway.pullRequests).to.have.length(1);
    expect(gateway.pullRequests[0]?.title).to.equal("Create hello.txt saying hi");
    expect(gateway.pullRequests[0]?.body)
      .to.contain("Asked by **Ada Lovelace**")
      .and.contain("`hello.txt` is in place");
    expect(handledThrough).to.equal(said.inboxId);
    expect(takenIn(events)).to.deep.equal([said.message.id]);
    expect(stepsIn(events)).to.deep.equal(["Write hello.txt: complete", "Check what was written: complete"]);
    expect(answerIn(events)).to.match(/^I'll write `hello\.txt`\.\n\nDone: `hello\.txt` is in place\./);
    expect(phasesIn(events)).to.deep.equal([
      "preparing",
      "cloning",
      "restoring",
      "working",
      "committing",
      "pushing",
      "opening-pull-request",
      "saving",
    ]);
  });

  it("carries on in a new process from the saved conversation, on the same branch", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await bench.startWorker().exitCode();
    const spentFirst = gateway.run.finished?.usage;
    const first = await bench.git("rev-parse", bench.branch);
    gateway.receive({ text: "append a second line to hello.txt" });
    await bench.startWorker().exitCode();

    expect(gateway.run.finished).to.deep.include({ outcome: "completed" });
    expect(await bench.git("rev-parse", `${bench.branch}~1`)).to.equal(first);
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi\na second line");
    expect(answerIn(gateway.run.events)).to.contain("before it: “create hello.txt saying hi”");
    expect(gateway.pullRequests[1]?.body).to.contain(
      "Commits:\n- Create hello.txt saying hi\n- Append a second line to hello.txt",
    );
    // What a run cost is its own: near to what the like run before it cost, not the sum of both.
    expect(gateway.run.finished?.usage?.costUsd).to.be.below((spentFirst?.costUsd ?? 0) * 1.5);
    expect(gateway.pullRequests.map(({ title }) => title)).to.deep.equal([
      "Create hello.txt saying hi",
      "Create hello.txt saying hi",
    ]);

    gateway.receive({ text: "what did I ask before?" });
    await bench.startWorker().exitCode();
    expect(answerIn(gateway.run.events)).to.contain("1. create hello.txt saying hi\n2. append a second line");
    expect(gateway.run.finished?.outcome).to.equal("no-changes");
  });
});

import { until } from "@peerbot/testing";
import { expect } from "chai";
import { noticesIn, phasesIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("the session branch", function () {
  this.timeout(60_000);
  let bench: Bench;
  afterEach(() => bench[Symbol.asyncDispose]());

  it("keeps what a person pushed meanwhile, below the agent's work", async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await bench.startWorker().exitCode();
    gateway.receive({ text: "create more.txt saying more" });
    let isPushed = false;
    gateway.beforePush = async () => {
      if (!isPushed) await bench.pushBehindTheBack("grace", { "grace.txt": "grace\n" });
      isPushed = true;
    };
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(gateway.run.finished?.commit?.sha).to.equal(await bench.git("rev-parse", bench.branch));
    expect(await bench.git("log", "--format=%an: %s", `main..${bench.branch}`)).to.equal(
      "Peerbot: Create more.txt saying more\ngrace: grace works\nPeerbot: Create hello.txt saying hi",
    );
  });

  it("stays rewritten: what a person took away by force does not come back", async function () {
    this.timeout(120_000);
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    const { gateway } = bench;
    for (const name of ["hello", "secret"]) {
      gateway.receive({ text: `create ${name}.txt saying ${name}` });
      await bench.startWorker().exitCode();
    }
    gateway.receive({ text: "script: write more.txt | more ;; bash sleep 2" });
    const worker = bench.startWorker();
    await until(() => gateway.run.events.some((event) => event.type === "step" && event.title === "Run sleep 2"), {
      what: "the agent to work",
      timeoutMs: 30_000,
    });
    await bench.git("update-ref", `refs/heads/${bench.branch}`, `${bench.branch}~1`);

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(await bench.git("log", "--format=%s", `main..${bench.branch}`)).not.to.contain("secret");
    expect(await bench.git("ls-tree", "--name-only", bench.branch)).to.equal("README.md\nhello.txt\nmore.txt");
  });

  it("is made again when a person deleted it while the agent worked", async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    await bench.startWorker().exitCode();
    gateway.receive({ text: "create more.txt saying more" });
    gateway.beforePush = async () => {
      gateway.beforePush = async () => {};
      await bench.git("update-ref", "-d", `refs/heads/${bench.branch}`);
    };
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.commit?.sha).to.equal(await bench.git("rev-parse", bench.branch));
  });

  it("is never overwritten: a conflict is told, with what is kept", async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    gateway.beforePush = async () => {
      await bench.pushBehindTheBack("grace", { "hello.txt": "grace says hello\n" });
    };
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("failed");
    expect(gateway.run.finished?.failure?.code).to.equal("push-conflict");
    expect(gateway.run.finished?.failure?.message).to.contain("hello.txt");
    // Whatever came after it would be shown as “Branch pushed”.
    expect(phasesIn(gateway.run.events).at(-1)).to.equal("pushing");
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("grace says hello");
    expect(gateway.conversation?.state.epoch).to.equal(1);
  });

  it("is made in an empty repository too, without a pull request as there is no base", async () => {
    bench = await setUpBench();
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi");
    expect(gateway.pullRequests).to.deep.equal([]);
    expect(noticesIn(gateway.run.events)[0]).to.contain("nothing to merge into");

    gateway.receive({ text: "create more.txt saying more" });
    const next = bench.startWorker();
    expect(await next.exitCode(), next.log()).to.equal(0);
    expect(await bench.git("rev-list", "--count", bench.branch)).to.equal("2");
  });

  it("takes the agent's own commits, honours .gitignore and leaves out what is too large", async () => {
    bench = await setUpBench({ files: { ".gitignore": "node_modules/\n" } });
    const { gateway } = bench;
    const commands = [
      "git checkout -q -b elsewhere && echo mine > mine.txt && git add mine.txt && git commit -q -m 'My own commit'",
      "mkdir node_modules && echo x > node_modules/x.js && truncate -s 60M large.bin && git init -q nested && echo kept > kept.txt",
    ];
    gateway.receive({ text: `script:\n${commands.map((command) => `bash ${command}`).join("\n")}\nsay Done` });
    const worker = bench.startWorker();

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(await bench.git("ls-tree", "-r", "--name-only", bench.branch)).to.equal(".gitignore\nkept.txt\nmine.txt");
    expect(await bench.git("log", "--format=%s", `main..${bench.branch}`)).to.contain("My own commit");
    expect(noticesIn(gateway.run.events)).to.deep.equal([
      "Not committed, because they are over 50 MB or repositories of their own: `large.bin`, `nested/`.",
    ]);
  });
});

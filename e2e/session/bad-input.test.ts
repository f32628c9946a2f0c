import { expect } from "chai";
import { type StackBench, startStackBench } from "./stack-bench.ts";

describe("Bad input and trouble outside, met by the whole system", function () {
  this.timeout(60_000);
  let bench: StackBench;

  before(async () => {
    bench = await startStackBench({ RATE_LIMIT_MAX: "100" });
  });
  after(() => bench[Symbol.asyncDispose]());
  afterEach(() => fetch(`${bench.sandboxUrl}/sandbox/faults`, { method: "DELETE" }));

  const failGitHub = (status: number, match: string) =>
    fetch(`${bench.sandboxUrl}/sandbox/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ standIn: "github", kind: "status", status, match }),
    });

  it("takes a message of 40,000 characters, each of which Slack escapes, in a moment", async () => {
    const beginning = "@peerbot script: write long.txt | ";
    const content = "<&>".repeat(14_000).slice(0, 40_000 - beginning.length);
    const { report } = await bench.say(beginning + content);
    expect(report.state, JSON.stringify(report.messages.at(-1))).to.equal("completed");
    expect(report.durations.firstSign ?? 60).to.be.lessThan(5);
    expect(await bench.git("user-ada", "show", `${report.branch}:long.txt`)).to.equal(content);
    expect(await bench.git("user-ada", "log", "-1", "--format=%s", report.branch ?? "")).to.have.length.at.most(72);
  });

  it("asks who mentions it without a word what to do, and starts nothing", async () => {
    const { exitCode, report } = await bench.say("@peerbot");
    expect({ exitCode, state: report.state }).to.deep.equal({ exitCode: 1, state: "refused" });
    expect(report.messages.at(-1)?.text).to.match(/^What should I do\?/);
  });

  it("tells the thread when GitHub does not accept the token, without a word of it", async () => {
    await failGitHub(401, "/search/");
    const { exitCode, report } = await bench.say("--user", "grace", "@peerbot what is here?");
    expect({ exitCode, state: report.state }).to.deep.equal({ exitCode: 1, state: "failed" });
    expect(report.messages.at(-1)?.text).to.match(
      /GitHub did not let Peerbot in\. ?\s*Please tell whoever looks after/,
    );
    const again = await bench.say("--thread", report.thread, "--user", "grace", "@peerbot what is here?");
    expect(again.report.state).to.equal("no-changes");
  });

  it("tells the thread when the person's repository was deleted", async () => {
    const { report } = await bench.say("--user", "linus", "@peerbot what is here?");
    expect(report.state).to.equal("no-changes");
    await failGitHub(404, "git-upload-pack");
    const { exitCode, report: next } = await bench.say("--user", "linus", "--thread", report.thread, "and now?");
    expect({ exitCode, state: next.state }).to.deep.equal({ exitCode: 1, state: "failed" });
    expect(next.messages.at(-1)?.text).to.match(/The repository is not there/);
  });

  it("is no less well for all of it", async () => {
    const { exitCode } = await bench.say("@peerbot what is here?");
    expect(exitCode).to.equal(0);
  });
});

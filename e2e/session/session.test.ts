import { existsSync } from "node:fs";
import { expect } from "chai";
import { Redis } from "ioredis";
import { type SayReport, type StackBench, startStackBench } from "./stack-bench.ts";

describe("A session, from a mention to a pull request", function () {
  this.timeout(120_000);
  let bench: StackBench;
  let first: SayReport;

  before(async () => {
    bench = await startStackBench();
    const { exitCode, report } = await bench.say("@peerbot create hello.txt saying hi");
    expect(exitCode, JSON.stringify(report)).to.equal(0);
    first = report;
  });
  after(() => bench[Symbol.asyncDispose]());

  it("ends with a commit on the session branch, made from what the agent wrote", async () => {
    expect(first.state).to.equal("completed");
    expect(first.branch).to.equal(`claude/session-${first.sessionKey}`);
    const branch = first.branch ?? "";
    expect(await bench.git("user-ada", "show", `${branch}:hello.txt`)).to.equal("hi");
    expect(await bench.git("user-ada", "rev-parse", branch)).to.match(new RegExp(`^${first.commit}`));
    expect(await bench.git("user-ada", "log", "-1", "--format=%B", branch)).to.match(/Co-authored-by: .*ada/i);
  });

  it("opens one pull request for it", async () => {
    expect(first.pullRequest).to.include({ number: 1 });
    expect((await openPulls(bench)).map(({ head }) => head)).to.deep.equal([first.branch]);
  });

  it("shows a first sign before the model is asked, and says what the agent answered", () => {
    const { firstSign, firstModelRequest, total } = first.durations;
    expect(firstSign).to.be.a("number");
    expect(firstSign ?? 0).to.be.lessThan(firstModelRequest ?? 0);
    expect(firstModelRequest ?? 0).to.be.lessThan(total);
    expect(first.messages.map(({ text }) => text).join("\n")).to.include("hello.txt");
  });

  it("answers a question without a commit and says so", async () => {
    const { exitCode, report } = await bench.say("--user", "grace", "@peerbot what is a pull request?");
    expect({ exitCode, state: report.state }).to.deep.equal({ exitCode: 0, state: "no-changes" });
    expect(report).to.include({ commit: null, pullRequest: null });
    const branches = await bench.git("user-grace", "branch", "--list", `claude/session-${report.sessionKey}`);
    expect(branches).to.equal("");
  });

  it("keeps shell and Slack syntax in a prompt inert", async () => {
    const touched = `${bench.dataDir}/touched-by-the-prompt`;
    await bench.say(`@peerbot create note.txt saying <!channel> $(touch ${touched}) \`touch ${touched}\``);
    expect(existsSync(touched)).to.equal(false);
    const { calls } = (await (await fetch(`${bench.sandboxUrl}/sandbox/ledger`)).json()) as {
      calls: { args: unknown }[];
    };
    expect(JSON.stringify(calls.map(({ args }) => args))).not.to.include("<!channel>");
  });

  it("carries on in the same conversation, branch and pull request after Redis was emptied", async () => {
    const redis = new Redis(bench.stack.redis.url);
    await redis.flushall();
    await redis.quit();
    const { exitCode, report } = await bench.say("--thread", first.thread, "@peerbot what did I ask before?");
    expect(exitCode, JSON.stringify(report)).to.equal(0);
    expect(report.messages.at(-2)?.text, JSON.stringify(report.messages)).to.include("create hello.txt saying hi");

    const change = await bench.say("--thread", first.thread, "@peerbot create bye.txt saying bye");
    expect(change.report.sessionKey).to.equal(first.sessionKey);
    expect(change.report.branch).to.equal(first.branch);
    expect(change.report.pullRequest?.number).to.equal(1);
    const files = await bench.git("user-ada", "ls-tree", "--name-only", first.branch ?? "");
    expect(files.split("\n")).to.include.members(["hello.txt", "bye.txt"]);
  });

  it("tells the thread when the model refuses the key, and what to do", async () => {
    const { exitCode, report } = await bench.say("@peerbot fail with 401");
    expect(exitCode).to.equal(1);
    expect(report.state).to.equal("failed");
    expect(report.messages.at(-1)?.text).to.match(/key/i);
  });
});

async function openPulls(bench: StackBench): Promise<{ head: string }[]> {
  const answer = (await (await fetch(`${bench.sandboxUrl}/sandbox/pulls`)).json()) as { pulls: { head: string }[] };
  return answer.pulls;
}

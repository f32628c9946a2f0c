import { expect } from "chai";
import { type StackBench, startStackBench } from "./stack-bench.ts";

describe("A session over Socket Mode", function () {
  this.timeout(120_000);
  let bench: StackBench;

  before(async () => {
    bench = await startStackBench({ SLACK_MODE: "socket" });
  });
  after(() => bench[Symbol.asyncDispose]());

  it("is held in a direct message without a mention, and goes on by a plain reply", async () => {
    const first = await bench.say("--channel", "@ada", "create hello.txt saying hi");
    expect(first.report, JSON.stringify(first.report)).to.include({ state: "completed" });
    const second = await bench.say("--channel", "@ada", "--thread", first.report.thread, "what did I ask before?");
    expect(second.report, JSON.stringify(second.report)).to.include({ state: "no-changes" });
    expect(second.report.sessionKey).to.equal(first.report.sessionKey);
    expect(second.report.messages.map(({ text }) => text).join("\n")).to.include("create hello.txt saying hi");
  });
});

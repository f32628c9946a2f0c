import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import { type ClusterBench, openClusterBench } from "../../e2e/kubernetes/cluster-bench.ts";
import { aRun, aStandby, SCRIPTS } from "../../services/launcher/test/runner-conformance.ts";
import { type Tools, toolsOrSkip } from "./fetched-tools.ts";
import { renderChart } from "./rendered-chart.ts";

const run = promisify(execFile);
const never = () => new AbortController().signal;

/** What docs/kubernetes.md lets its reader ask of the workers' namespace. */
function documentedCommands(): string[][] {
  const page = readFileSync(join(import.meta.dirname, "../../docs/kubernetes.md"), "utf8");
  return [...page.matchAll(/^kubectl --namespace peerbot-workers (get .+)$/gm)].map(([, words = ""]) =>
    words.split(" "),
  );
}

describe("The launcher's Role", function () {
  this.timeout(180_000);
  let tools: Tools;
  let cluster: ClusterBench;
  before(async function () {
    tools = await toolsOrSkip(this);
    const chart = await renderChart(tools.helm, { values: "values-production.yaml" });
    cluster = await openClusterBench({ rules: chart.one("Role", "-launcher").rules });
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const options = () => [
    ...["--kubeconfig", cluster.kubeconfig],
    ...["--namespace", "peerbot-workers"],
    ...["--cache-dir", `${cluster.kubeconfig}-cache`],
  ];

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

  for (const command of documentedCommands()) {
    it(`goes with the documented “kubectl ${command.join(" ")}”`, async () => {
      const runner = cluster.createRunner(SCRIPTS.succeeds);
      const spec = aRun();
      cluster.standIn.cluster.inject({ fault: { kind: "unschedulable" } });
      await runner.start(spec);
      // One that watches has told what it knows by then.
      const { stdout, stderr } = await run(tools.kubectl, [...options(), ...command], { timeout: 3_000 }).catch(
        (error: { stdout: string; stderr: string }) => error,
      );
      expect(stderr).to.equal("");
      expect(stdout).to.include(spec.sessionKey).and.include(spec.userId);
      await runner.remove(spec.name);
    });
  }

  it("does not let anybody read a start token, and kubectl shows none", async () => {
    const runner = cluster.createRunner(SCRIPTS.succeeds);
    const startToken = new Secret("the-start-token");
    const { name } = aRun();
    cluster.standIn.cluster.inject({ fault: { kind: "unschedulable" } });
    await runner.start(aRun({ name, startToken }));
    const kubectl = async (...words: string[]) => (await run(tools.kubectl, [...options(), ...words])).stdout;
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

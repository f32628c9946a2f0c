import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type StackBench, startStackBench } from "../session/stack-bench.ts";

describe("A mention whose worker is a Kubernetes Job", function () {
  this.timeout(120_000);
  let bench: StackBench;
  before(async () => {
    bench = await startStackBench({ RUNNER: "kubernetes" });
  });
  after(() => bench[Symbol.asyncDispose]());

  const cluster = async (kind: string) => {
    const headers = { authorization: "Bearer sandbox-kubernetes-token" };
    const namespaced = `${bench.sandboxUrl}/kubernetes${kind}`;
    return ((await (await fetch(namespaced, { headers })).json()) as { items: unknown[] }).items;
  };

  it("ends with a commit and a pull request, and leaves nothing in the cluster", async () => {
    const { exitCode, report } = await bench.say("@peerbot create hello.txt saying hi");
    expect(exitCode, JSON.stringify(report)).to.equal(0);
    expect(report).to.include({ state: "completed" });
    expect(await bench.git("user-ada", "show", `${report.branch}:hello.txt`)).to.equal("hi");
    const events = await cluster("/api/v1/namespaces/peerbot-workers/events");
    expect(JSON.stringify(events)).not.to.include("FailedCreate");
    await untilEmpty(() => cluster("/apis/batch/v1/namespaces/peerbot-workers/jobs"));
    await untilEmpty(() => cluster("/api/v1/namespaces/peerbot-workers/pods"));
    await untilEmpty(() => cluster("/api/v1/namespaces/peerbot-workers/secrets"));
  });

  it("tells the thread that there was no room for the worker", async () => {
    const fault = { kind: "job-quota" };
    const headers = { "content-type": "application/json" };
    await fetch(`${bench.sandboxUrl}/sandbox/cluster-faults`, {
      method: "POST",
      headers,
      body: JSON.stringify({ fault }),
    });
    const { exitCode, report } = await bench.say("--user", "grace", "@peerbot create hello.txt saying hi");
    expect(exitCode).to.equal(1);
    expect(report.messages.at(-1)?.text).to.match(/room set aside for runs is taken/);
  });
});

async function untilEmpty(list: () => Promise<unknown[]>): Promise<void> {
  await until(async () => (await list()).length === 0, { what: "nothing to be left", timeoutMs: 10_000 });
}

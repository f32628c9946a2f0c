import { until } from "@peerbot/testing";
import { expect } from "chai";
import type { RunEnd } from "../../services/launcher/src/runner/session-runner.ts";
import { aRun, SCRIPTS } from "../../services/launcher/test/runner-conformance.ts";
import type { InjectClusterFault } from "../../services/sandbox/src/kubernetes/index.ts";
import { type ClusterBench, openClusterBench } from "./cluster-bench.ts";

const never = () => new AbortController().signal;
const WAITS = "setInterval(() => {}, 1000)";

describe("Every end of a Kubernetes Job", () => {
  let cluster: ClusterBench;
  beforeEach(async () => {
    cluster = await openClusterBench();
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  async function endAfter(fault: InjectClusterFault["fault"], script: string = WAITS): Promise<RunEnd> {
    const runner = cluster.createRunner(script);
    const run = aRun();
    cluster.standIn.cluster.inject({ fault });
    await runner.start(run);
    return runner.ended(run.name, never());
  }

  for (const [fault, reason, detail] of [
    [{ kind: "unschedulable" }, "unschedulable", /0\/1 nodes are available: 1 Insufficient cpu/],
    [{ kind: "image-pull" }, "image-pull-failed", /failed to pull image "peerbot-worker:0"/],
    [{ kind: "pod-quota" }, "quota-refused", /exceeded quota: workers/],
    [{ kind: "pod-refused" }, "could-not-start", /no webhook of the cluster/],
    [{ kind: "out-of-memory" }, "out-of-memory", undefined],
    [{ kind: "evicted" }, "evicted", /low on resource: memory/],
    [{ kind: "preempted" }, "evicted", /higher priority/],
    [{ kind: "drained" }, "evicted", /Eviction API/],
    [{ kind: "node-removed" }, "node-lost", /node no longer exists/],
    [{ kind: "node-lost" }, "node-lost", /sandbox-node is out of reach/],
  ] as const) {
    it(`calls ${fault.kind} ${reason}`, async () => {
      const end = await endAfter(fault);
      expect(end).to.include({ reason });
      if (detail !== undefined) expect(end.detail).to.match(detail);
    });
  }

  it("says at once that a Job was refused for the quota, and leaves no Secret behind", async () => {
    const runner = cluster.createRunner(WAITS);
    cluster.standIn.cluster.inject({ fault: { kind: "job-quota" } });
    const refusal = await runner.start(aRun()).catch((error: unknown) => error);
    expect(refusal).to.include({ reason: "quota-refused" });
    expect(refusal).to.have.property("message").that.includes("exceeded quota");
    expect(cluster.standIn.store.list("secrets")).to.deep.equal([]);
  });

  it("waits for room that comes in time", async () => {
    const end = await endAfter({ kind: "unschedulable", passesAfterMs: 400 }, SCRIPTS.succeeds);
    expect(end).to.include({ reason: "completed" });
  });

  it("takes a full JavaScript heap for what it is", async () => {
    const script = "console.error('FATAL ERROR: JavaScript heap out of memory'); process.abort()";
    const runner = cluster.createRunner(script);
    const run = aRun();
    await runner.start(run);
    expect(await runner.ended(run.name, never())).to.include({ reason: "out-of-memory", signal: "SIGABRT" });
  });

  it("lets a worker whose pod is drained save, and then counts it as completed", async () => {
    const script = "process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100)); setInterval(() => {}, 1000)";
    expect(await endAfter({ kind: "drained", afterMs: 2_500 }, script)).to.include({ reason: "completed" });
  });

  it("notices that somebody deleted the Job", async () => {
    const runner = cluster.createRunner(WAITS);
    const run = aRun();
    await runner.start(run);
    const end = runner.ended(run.name, never());
    await untilRunning(cluster);
    await cluster.kubectl(
      "DELETE",
      `/apis/batch/v1/namespaces/peerbot-workers/jobs/${run.name}?propagationPolicy=Background`,
    );
    expect(await end).to.include({ reason: "deleted" });
  });

  it("notices that somebody deleted the pod", async () => {
    const runner = cluster.createRunner(WAITS);
    const run = aRun();
    await runner.start(run);
    const end = runner.ended(run.name, never());
    const pod = await untilRunning(cluster);
    await cluster.kubectl("DELETE", `/api/v1/namespaces/peerbot-workers/pods/${pod}`);
    expect(await end).to.include({ reason: "deleted", signal: "SIGTERM" });
  });

  it("tells the same end to a launcher that comes after the run was given up", async () => {
    const [first, second] = [cluster.createRunner(WAITS), cluster.createRunner(WAITS)];
    const run = aRun();
    cluster.standIn.cluster.inject({ fault: { kind: "image-pull" } });
    await first.start(run);
    const end = await first.ended(run.name, never());
    cluster.standIn.cluster.clear();
    expect(await second.ended(run.name, never())).to.deep.equal(end);
    expect(cluster.standIn.store.list("pods")).to.deep.equal([]);
  });

  it("logs the last words of a worker that failed, without tokens", async () => {
    const lines: string[] = [];
    const logger = { warn: (fields: unknown) => void lines.push(JSON.stringify(fields)) };
    const script = "console.log('last words', process.env.START_TOKEN); process.exit(1)";
    const runner = cluster.createRunner(script, {}, logger);
    const run = aRun({ startToken: cluster.tokenLike() });
    await runner.start(run);
    const end = await runner.ended(run.name, never());
    expect([...lines, JSON.stringify(end)].join())
      .to.include("last words [token]")
      .and.not.include("eyJ");
  });
});

describe("The Kubernetes runner on a bad day", () => {
  let cluster: ClusterBench;
  beforeEach(async () => {
    cluster = await openClusterBench();
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  async function startedRun(settings: Record<string, string> = {}) {
    const runner = cluster.createRunner(WAITS, settings);
    const run = aRun();
    await runner.start(run);
    const end = runner.ended(run.name, never());
    const pod = await untilRunning(cluster);
    return {
      runner,
      run,
      end,
      endPod: () => cluster.kubectl("DELETE", `/api/v1/namespaces/peerbot-workers/pods/${pod}`),
    };
  }

  for (const how of ["politely", "abruptly"] as const) {
    it(`sees an end although all watches were ended ${how} before`, async () => {
      const { end, endPod } = await startedRun();
      await until(() => cluster.standIn.watches.count() === 3, { what: "three watches" });
      cluster.standIn.watches.end(how);
      await endPod();
      expect(await end).to.include({ reason: "deleted" });
    });
  }

  it("lists anew when the server has forgotten what came since", async () => {
    const { end, endPod } = await startedRun();
    await until(() => cluster.standIn.watches.count() === 3, { what: "three watches" });
    // Watches that ended so soon come back a second later.
    cluster.standIn.watches.end("politely");
    await endPod();
    await until(() => cluster.standIn.store.list("pods").length === 0, { what: "the pod to be gone" });
    cluster.standIn.store.compact();
    expect(await end).to.include({ reason: "deleted" });
  });

  it("starts a run although the server throttles and stumbles", async () => {
    const runner = cluster.createRunner(SCRIPTS.succeeds);
    const run = aRun();
    for (const fault of [
      { status: 429, headers: { "retry-after": "1" } },
      { status: 409 },
      { disconnect: true } as const,
      { afterEffect: true } as const,
    ]) {
      cluster.standIn.faults.failNext({ ...fault, match: /^POST .*(jobs|secrets)/ });
    }
    const began = performance.now();
    await runner.start(run);
    expect(performance.now() - began).to.be.greaterThan(1_000); // as long as the server wanted
    expect(await runner.ended(run.name, never())).to.include({ reason: "completed" });
    expect(await runner.list()).to.deep.equal([run.name]);
  });

  it("keeps the start token out of the Job, and takes it away once the worker has it", async () => {
    const token = cluster.tokenLike();
    const runner = cluster.createRunner("process.exit(process.env.START_TOKEN ? 0 : 7)");
    const run = aRun({ startToken: token });
    cluster.standIn.cluster.inject({ fault: { kind: "unschedulable", passesAfterMs: 300 } });
    await runner.start(run);
    const [secret] = cluster.standIn.store.list("secrets");
    const [job] = cluster.standIn.store.list("jobs");
    expect(secret?.metadata.ownerReferences?.map(({ uid }) => uid)).to.deep.equal([job?.metadata.uid]);
    expect(await runner.ended(run.name, never())).to.include({ reason: "completed" });
    const everything = (["jobs", "pods", "events"] as const).map((plural) => cluster.standIn.store.list(plural));
    expect(JSON.stringify(everything)).not.to.include(token.reveal());
    expect(cluster.standIn.store.list("secrets")).to.deep.equal([]);
  });

  it("uses few connections for many requests", async () => {
    const runner = cluster.createRunner(SCRIPTS.succeeds);
    const before = cluster.connections();
    for (let count = 0; count < 40; count += 1) await runner.list();
    expect(cluster.connections() - before).to.be.lessThan(8);
  });

  it("leaves the Jobs of other installations alone", async () => {
    const [ours, theirs] = [cluster.createRunner(WAITS), cluster.createRunner(WAITS, { KUBERNETES_INSTANCE: "other" })];
    await theirs.start(aRun());
    expect(await ours.list()).to.deep.equal([]);
    expect(await theirs.list()).to.have.length(1);
  });
});

async function untilRunning(cluster: ClusterBench): Promise<string> {
  const running = () => cluster.standIn.store.list("pods").find(({ status }) => status.phase === "Running");
  return (await until(running, { what: "the pod to run" })).metadata.name;
}

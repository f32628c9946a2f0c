import { readdir, readFile } from "node:fs/promises";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { type Bench, setUpBench, type WorkerProcess } from "./worker-bench.ts";

describe("a worker that waits for its run", function () {
  this.timeout(120_000);
  let bench: Bench;
  let worker: WorkerProcess;
  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    worker = bench.startWaitingWorker();
  });
  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
    expect(await processesIn(worker.workspaceDir)).to.deep.equal([]);
  });

  const untilItWaits = () =>
    until(() => worker.log().includes("worker-waits"), { what: "the worker to wait", timeoutMs: 90_000 });

  function offerRun(text: string): void {
    bench.gateway.beginRun();
    bench.gateway.receive({ text });
    bench.gateway.standby = "offered";
  }

  it("has the agent's binary up before there is a run, and does the run with it", async () => {
    await untilItWaits();
    const agents = await processesIn(worker.workspaceDir);
    expect(agents).to.have.length.above(0);
    offerRun("create hello.txt saying hi");
    await until(() => bench.gateway.modelBodies.length > 0, { what: "the agent to ask the model", timeoutMs: 60_000 });
    expect(await processesIn(worker.workspaceDir)).to.include.members(agents);
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(bench.gateway.run.finished).to.include({ outcome: "completed" });
    expect(await bench.git("show", `${bench.branch}:hello.txt`)).to.equal("hi");
  });

  it("asks again when the answer with its run got lost", async () => {
    bench.gateway.loseTakes = 2;
    await untilItWaits();
    offerRun("create hello.txt saying hi");
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(bench.gateway.loseTakes).to.equal(0);
    expect(bench.gateway.run.finished).to.include({ outcome: "completed" });
  });

  it("leaves at once when it is asked to", async () => {
    await untilItWaits();
    const began = Date.now();
    worker.child.kill("SIGTERM");
    expect(await worker.exitCode()).to.equal(0);
    expect(Date.now() - began).to.be.below(10_000);
  });

  it("leaves when no run will come", async () => {
    bench.gateway.standby = "over";
    expect(await worker.exitCode(), worker.log()).to.equal(0);
  });

  it("leaves when it has waited long enough", async () => {
    bench.gateway.waitUntil = Date.now();
    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(worker.log()).to.include("no-run-came");
  });
});

/** Processes whose home lies in the worker's folder: the agent and what it started. */
async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.split("\0").some((entry) => entry.startsWith(`HOME=${folder}/`)) ? [pid] : [];
    }),
  );
  return found.flat();
}

import { createLogger } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { compose } from "../../services/docker-proxy/src/compose.ts";
import type { RunEnd } from "../../services/launcher/src/runner/session-runner.ts";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import { type DockerBench, openDockerBench } from "./docker-bench.ts";
import { describeWithEngine } from "./with-engine.ts";

const never = () => new AbortController().signal;
const WAITS = "setInterval(() => {}, 1000)";
const EATS = "const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 25, 1)), 5)";
const ABORTS = "console.error('FATAL ERROR: JavaScript heap out of memory'); process.abort()";
const SEGFAULTS = "process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)";

await describeWithEngine("Every end of a container", (address) => {
  let bench: DockerBench;
  beforeEach(async () => {
    bench = await openDockerBench(address, { scripts: [WAITS, EATS, ABORTS, SEGFAULTS] });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  async function endAfter(script: string, meddle: (name: string) => Promise<unknown>): Promise<RunEnd> {
    const runner = bench.createRunner(script);
    const run = aRun();
    await runner.start(run);
    const end = runner.ended(run.name, never());
    await meddle(run.name);
    return end;
  }

  for (const [what, script, meddle, expected] of [
    ["too much memory", EATS, async () => {}, { reason: "out-of-memory" }],
    ["a full JavaScript heap", ABORTS, async () => {}, { reason: "out-of-memory" }],
    ["a signal from within", SEGFAULTS, async () => {}, { reason: "crashed", signal: "SIGSEGV" }],
    ["docker kill", WAITS, (name: string) => bench.docker.getContainer(name).kill(), { reason: "deleted" }],
    [
      "docker rm",
      WAITS,
      // The engine may complain that its own clearing up was faster; the container is gone all the same.
      (name: string) =>
        bench.docker
          .getContainer(name)
          .remove({ force: true })
          .catch((error: Error) => {
            if (!/RWLayer of container \w+ is unexpectedly nil/.test(error.message)) throw error;
          }),
      { reason: "deleted" },
    ],
  ] as const) {
    it(`calls ${what} ${expected.reason}`, async () => {
      expect(await endAfter(script, meddle)).to.include(expected);
    });
  }

  it("says at once that the engine has no such image", async () => {
    const failure = await bench
      .createRunner("never made")
      .start(aRun())
      .catch((error: unknown) => error);
    expect(failure).to.include({ reason: "image-pull-failed" });
  });

  it("says why an image could not be pulled", async () => {
    const runner = bench.createRunner(WAITS, {
      WORKER_IMAGE: "127.0.0.1:9/peerbot:1",
      WORKER_IMAGE_PULL_POLICY: "IfNotPresent",
    });
    const failure = await runner.start(aRun()).catch((error: unknown) => error);
    expect(failure).to.include({ reason: "image-pull-failed" });
    expect(failure).to.have.property("message").that.includes("127.0.0.1:9");
  });

  it("says that a run cannot have a Docker of its own where that is off", async () => {
    const failure = await bench
      .createRunner(WAITS)
      .start(aRun({ docker: true }))
      .catch((error: unknown) => error);
    expect(failure).to.include({ reason: "could-not-start" });
    expect(failure).to.have.property("message").that.includes("DOCKER_IN_DOCKER is off");
  });

  it("says that no addresses are left, and leaves nothing behind", async () => {
    const settings = { DOCKER_SUBNETS: "10.213.255.240/28" };
    const runner = bench.createRunner(WAITS, settings);
    const first = aRun();
    await runner.start(first);
    const second = await runner.start(aRun()).catch((error: unknown) => error);
    expect(second).to.include({ reason: "unschedulable" });
    expect(await runner.list()).to.deep.equal([first.name]);
  });

  it("keeps the deadline of a run no launcher looks at", async () => {
    const runner = bench.createRunner(WAITS);
    const run = aRun({ deadlineAt: Date.now() + 4_000 });
    await runner.start(run);
    await runner[Symbol.asyncDispose]();
    await until(async () => !(await bench.inspect(run.name)).State.Running, {
      what: "the worker's end",
      timeoutMs: 20_000,
      everyMs: 200,
    });
    const later = bench.createRunner(WAITS);
    expect(await later.ended(run.name, never())).to.include({ reason: "deadline-exceeded" });
  });

  it("finishes the start of a launcher that died in the middle of it", async () => {
    const runner = bench.createRunner(WAITS);
    const run = aRun();
    await runner.start(run);
    await bench.docker.getContainer(run.name).stop({ t: 0 });
    const made = await bench.inspect(run.name);
    await bench.docker.getContainer(run.name).remove({ force: true });
    await bench.docker.createContainer({ ...made.Config, name: run.name, HostConfig: made.HostConfig });
    expect(await bench.createRunner(WAITS).start(run)).to.equal("already-exists");
    expect((await bench.inspect(run.name)).State.Running).to.equal(true);
  });

  it("does all of it through the proxy, too", async () => {
    if (!address.startsWith("unix:")) return;
    const proxy = await compose(
      {
        LOG_LEVEL: "fatal",
        INTERNAL_HOST: "127.0.0.1",
        INTERNAL_PORT: 0,
        DOCKER_PROXY_HOST: "127.0.0.1",
        DOCKER_PROXY_PORT: 0,
        DOCKER_SOCKET: new URL(address).pathname,
        DOCKER_INSTANCE: bench.instance,
        WORKER_IMAGE: bench.imageOf(WAITS),
        DOCKER_IN_DOCKER: "off",
        DOCKER_INTERNET: false,
      },
      createLogger({ service: "docker-proxy", level: "fatal" }),
    );
    try {
      const gateway = await bench.startGateway(["node", "-e", WAITS]);
      const settings = { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}`, STOP_GRACE_SECONDS: "2" };
      const runner = bench.createRunner(WAITS, settings);
      const run = aRun({ gatewayUrl: "http://gateway:3200" });
      expect(await runner.start(run)).to.equal("started");
      const networks = Object.keys((await gateway.inspect()).NetworkSettings.Networks);
      expect(networks).to.include(run.name);
      await runner.assign(run.name, run);
      const end = runner.ended(run.name, never());
      await runner.stop(run.name, { graceSeconds: 1 });
      expect(await end).to.include({ reason: "deleted" });
      expect(await runner.list()).to.deep.equal([run.name]);
      await runner.remove(run.name);
      expect(await runner.list()).to.deep.equal([]);
      await runner[Symbol.asyncDispose]();
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Secret } from "@peerbot/runtime";
import { freePort, temporaryFolder, until } from "@peerbot/testing";
import { startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
import { Redis } from "ioredis";
import type { Launcher } from "../src/index.ts";
import { identityOf } from "../src/runner/process/process-identity.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";
import { aRun } from "./runner-conformance.ts";

const LAUNCH = fileURLToPath(new URL("./programs/launch.ts", import.meta.url));

async function hasTakenOver({ internalPort }: Launcher): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${internalPort}/metrics`, { headers: { connection: "close" } });
  return /^peerbot_active_runs\{[^}]*\} 1$/m.test(await answer.text());
}

describe("when launchers come and go", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("adopts the run of a dead launcher without starting it twice", async function () {
    this.timeout(20_000);
    const thread = aThread();
    await scene.write(thread);
    const dying = spawn(process.execPath, [LAUNCH], { env: scene.environment(), stdio: "ignore" });
    const worker = await scene.gateway.arrival(1);
    dying.kill("SIGKILL");
    await once(dying, "exit");
    const next = await scene.startLauncher({}, { lockDurationMs: 1_000 });
    await until(() => hasTakenOver(next), { what: "the session to be taken over" });
    expect(await identityOf(worker.pid)).to.not.equal(undefined);
    await worker.finish("completed");
    worker.leave();
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    expect(scene.gateway.arrivals).to.have.length(1);
    expect(await scene.runner.list()).to.deep.equal([]);
  });

  it("tells the end of a run once that ended while no launcher was there", async () => {
    const first = await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await first[Symbol.asyncDispose]();
    worker.leave(0);
    await until(async () => (await identityOf(worker.pid)) === undefined, { what: "the worker to be gone" });
    await Promise.all([scene.startLauncher(), scene.startLauncher()]);
    expect(await scene.event(thread, "run-ended")).to.include({ reason: "completed" });
    await scene.untilQuiet(thread);
    expect((await scene.typesOf(thread)).filter((type) => type === "run-ended")).to.have.length(1);
  });

  it("leaves the workers alone when it is asked to stop, and the next launcher has their sessions at once", async () => {
    const first = await scene.startLauncher();
    const threads = [aThread(), aThread()];
    for (const thread of threads) await scene.write(thread);
    const workers = [await scene.gateway.arrival(1), await scene.gateway.arrival(2)];
    const began = Date.now();
    await first[Symbol.asyncDispose]();
    expect(await scene.queue.queue.getWaitingCount()).to.equal(2);
    await scene.startLauncher();
    await until(async () => (await scene.queue.queue.getActiveCount()) === 2, { what: "both to be taken over" });
    expect(Date.now() - began).to.be.below(8_000);
    for (const worker of workers) {
      await worker.finish("completed");
      worker.leave();
    }
    for (const thread of threads) await scene.untilQuiet(thread);
    expect(scene.gateway.arrivals).to.have.length(2);
    for (const thread of threads) expect((await scene.typesOf(thread)).at(-1)).to.equal("finished");
  });

  it("sees a run to its end over a restart of Redis", async function () {
    this.timeout(20_000);
    await using parts = new AsyncDisposableStack();
    const dataDir = parts.use(await temporaryFolder()).path;
    const port = await freePort();
    const before = await startRedis({ dataDir, port });
    const redis = new Redis(before.url, { maxRetriesPerRequest: null });
    redis.on("error", () => {}); // it is to be away
    const corner = { url: before.url, prefix: "own", redis, [Symbol.asyncDispose]: async () => redis.disconnect() };
    const own = await openScene(corner);
    const thread = aThread();
    await own.startLauncher({}, { lockDurationMs: 1_000 });
    await own.write(thread);
    const worker = await own.gateway.arrival(1);
    await worker.finish("completed");
    await before[Symbol.asyncDispose]();
    worker.leave();
    await until(async () => (await identityOf(worker.pid)) === undefined, { what: "the worker to be gone" });
    parts.use(await startRedis({ dataDir, port }));
    parts.use(own);
    const isTold = async () => (await own.runs.current(worker.sessionKey))?.state === "ended";
    await until(isTold, { what: "its end", timeoutMs: 12_000 });
    await own.untilQuiet(thread);
    expect(await own.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    expect(own.gateway.arrivals).to.have.length(1);
  });

  it("finds a message that was accepted but never put into the queue", async () => {
    await scene.startLauncher({}, { sweepEveryMs: 100 });
    const thread = aThread();
    await scene.write(thread, "said", { isEnqueued: false });
    const worker = await scene.gateway.arrival(1);
    await worker.finish("completed");
    worker.leave();
    await scene.untilQuiet(thread);
  });

  it("finds a live run whose job was lost", async () => {
    const first = await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await first[Symbol.asyncDispose]();
    await scene.queue.queue.obliterate({ force: true });
    await scene.startLauncher({}, { sweepEveryMs: 100 });
    await worker.finish("completed");
    worker.leave();
    await until(async () => (await scene.runs.current(worker.sessionKey))?.state === "ended", { what: "its end" });
    expect(scene.gateway.arrivals).to.have.length(1);
  });

  it("ends workers that no session knows of", async () => {
    const stray = aRun({ startToken: new Secret("none"), gatewayUrl: scene.gateway.url });
    await scene.runner.start(stray);
    await scene.startLauncher({}, { sweepEveryMs: 100 });
    await until(async () => (await scene.runner.list()).length === 0, { what: "it to be removed" });
  });
});

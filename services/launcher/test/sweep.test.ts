import { sessionKeyOf } from "@peerbot/contracts";
import { createUserLimit } from "@peerbot/session-queue";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

const SWEEP_OFTEN = { sweepEveryMs: 100 };

describe("what a crash left behind", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("is brought to its end when a run has neither a worker nor a job any more", async () => {
    const first = await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const lost = await scene.gateway.arrival(1);
    await first[Symbol.asyncDispose]();
    process.kill(lost.pid, "SIGKILL");
    await scene.queue.queue.obliterate({ force: true });
    await scene.startLauncher({}, SWEEP_OFTEN);
    expect(await scene.event(thread, "run-ended")).to.include({ isRetrying: true });
    const worker = await scene.gateway.arrival(2);
    await worker.finish("completed");
    worker.leave();
    await until(async () => (await scene.runs.live()).length === 0, { what: "no run to be live" });
  });

  it("is tidied up when a run has told its outcome and nobody saw its worker leave", async () => {
    const first = await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await first[Symbol.asyncDispose]();
    await worker.finish("completed");
    worker.leave();
    await scene.queue.queue.obliterate({ force: true });
    await scene.startLauncher({}, SWEEP_OFTEN);
    await until(async () => (await scene.runs.live()).length === 0, { what: "no run to be live" });
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    await until(async () => (await scene.runner.list()).length === 0, { what: "its worker to be forgotten" });
  });

  it("gets its job back when that was deleted and only its mark is left", async () => {
    const thread = aThread();
    await scene.write(thread);
    const { queue } = scene.queue;
    const [job] = await queue.getJobs(["prioritized"]);
    await scene.redis.del(queue.toKey(job?.id ?? ""), queue.toKey("prioritized"));
    await scene.startLauncher({}, SWEEP_OFTEN);
    const worker = await scene.gateway.arrival(1);
    await worker.finish("completed");
    worker.leave();
    await scene.untilQuiet(thread);
  });

  it("is nothing when a job finds no work", async () => {
    const thread = aThread();
    await scene.queue.enqueue(sessionKeyOf(thread));
    await scene.startLauncher();
    await scene.untilQuiet(thread);
    expect(await scene.eventsOf(thread)).to.deep.equal([]);
    expect(scene.gateway.arrivals).to.deep.equal([]);
  });

  it("is cancelled when it was stopped while no launcher listened", async () => {
    const [busy, stopped] = [aThread(), aThread()];
    await scene.write(busy);
    await scene.write(stopped);
    await scene.write(stopped, "stop", { isEnqueued: false });
    await scene.startLauncher({ MAX_CONCURRENT_RUNS: "1" }, SWEEP_OFTEN);
    await scene.gateway.arrival(1);
    expect(await scene.event(stopped, "cancelled")).to.include({ user: "U1ADA" });
    await until(async () => (await scene.queue.line()).length === 0, { what: "the line to be empty" });
  });

  it("holds nobody up with a place in the limit that no session stands behind", async () => {
    const { redis, prefix } = scene;
    const limit = createUserLimit({ redis, prefix, max: 1, windowSeconds: 900 });
    const ada = { team: "T1", user: "U1ADA" };
    await scene.startLauncher({ RATE_LIMIT_MAX: "1" }, SWEEP_OFTEN);
    const [first, lost, second] = [aThread(), aThread(), aThread()];
    await scene.write(first);
    await scene.gateway.arrival(1);
    await limit.claim(ada, `${sessionKeyOf(lost)}:0`);
    await scene.write(second);
    await until(
      async () => {
        const told = (await scene.eventsOf(second)).findLast((event) => event?.type === "waiting");
        return told?.type === "waiting" && told.position === 1;
      },
      { what: "the place to be free" },
    );
    expect(await limit.waiting(ada)).to.deep.equal([`${sessionKeyOf(second)}:0`]);
  });
});

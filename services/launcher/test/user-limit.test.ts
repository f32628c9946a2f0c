import { sessionKeyOf } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

describe("a person's limit", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("lets who has used up the window wait visibly and begin by itself", async () => {
    await scene.startLauncher({ RATE_LIMIT_MAX: "1", RATE_LIMIT_WINDOW_SECONDS: "3" });
    const [first, second] = [aThread(), aThread()];
    await scene.write(first);
    const worker = await scene.gateway.arrival(1);
    const began = Date.now();
    await scene.write(second);
    const waiting = await scene.event(second, "waiting");
    expect(waiting).to.deep.include({ reason: "user-limit", position: 1, limit: { max: 1, windowSeconds: 3 } });
    expect(waiting.until).to.be.within(began, began + 3_000);
    // Whatever else is said meanwhile, the thread is told the same thing once.
    await scene.write(second);
    await until(async () => (await scene.queue.queue.getDelayedCount()) === 1, { what: "it to be postponed" });
    await scene.queue.hurry(sessionKeyOf(second));
    const next = await scene.gateway.arrival(2);
    expect(Date.now()).to.be.at.least(waiting.until ?? 0);
    expect((await scene.typesOf(second)).filter((type) => type === "waiting")).to.have.length(1);
    for (const arrival of [worker, next]) {
      await arrival.finish("no-changes");
      arrival.leave();
    }
    await scene.untilQuiet(second);
  });

  it("lets five runs begin in any window, over two launchers", async () => {
    await Promise.all([scene.startLauncher(), scene.startLauncher()]);
    const threads = Array.from({ length: 8 }, aThread);
    await Promise.all(threads.map((thread) => scene.write(thread)));
    await scene.gateway.arrival(5);
    await until(async () => (await scene.queue.queue.getDelayedCount()) === 3, { what: "three to wait" });
    const waits = (await Promise.all(threads.map((thread) => scene.eventsOf(thread)))).flat();
    const positions = waits.flatMap((event) => (event?.type === "waiting" ? [event.position] : []));
    expect(positions.toSorted()).to.deep.equal([1, 2, 3]);
    expect(scene.gateway.arrivals).to.have.length(5);
  });

  it("withdraws what waits when it is stopped, and moves up the next one", async () => {
    await scene.startLauncher({ RATE_LIMIT_MAX: "1" });
    const [first, second, third] = [aThread(), aThread(), aThread()];
    await scene.write(first);
    await scene.gateway.arrival(1);
    await scene.write(second);
    await scene.event(second, "waiting");
    await scene.write(third);
    expect(await scene.event(third, "waiting")).to.include({ position: 2 });
    // Only the news of the Stop: nobody says to the queue that there is work.
    await scene.write(second, "stop", { isEnqueued: false });
    expect(await scene.event(second, "cancelled")).to.include({ user: "U1ADA" });
    expect(await scene.event(third, "waiting", 2)).to.include({ position: 1 });
    await scene.untilQuiet(second);
    expect(await scene.typesOf(second)).to.not.include("run-started");
  });

  it("holds nobody else up", async () => {
    await scene.startLauncher({ RATE_LIMIT_MAX: "1" });
    const [first, second, third] = [aThread(), aThread(), aThread()];
    await scene.write(first);
    await scene.write(second);
    await scene.write(third, "said", { user: "U2BOB" });
    const workers = [await scene.gateway.arrival(1), await scene.gateway.arrival(2)];
    expect(workers).to.have.length(2);
    await scene.event(third, "run-started");
  });
});

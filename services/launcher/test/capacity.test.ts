import { type SessionKey, sessionKeyOf, type ThreadAddress } from "@peerbot/contracts";
import { expect } from "chai";
import { isWorthTelling, tellLine } from "../src/tell-line.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

const SETTINGS = { MAX_CONCURRENT_RUNS: "1", RATE_LIMIT_MAX: "1000" };
const TELL_OFTEN = { tellLineEveryMs: 100 };

describe("when all slots are taken", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  /** New sessions of one person. */
  async function ask(user: string, count: number): Promise<ThreadAddress[]> {
    const threads = Array.from({ length: count }, aThread);
    for (const thread of threads) await scene.write(thread, "said", { user });
    return threads;
  }

  /** Ends the `count`-th worker's run (from 1) and gives the session that gets its slot. */
  async function nextAfter(count: number, slots: number): Promise<SessionKey> {
    const worker = await scene.gateway.arrival(count);
    await worker.finish("no-changes");
    worker.leave();
    return (await scene.gateway.arrival(count + slots)).sessionKey;
  }

  const waitsOf = async (thread: ThreadAddress) =>
    (await scene.eventsOf(thread)).flatMap((event) => (event?.type === "waiting" ? [event] : []));

  it("lets somebody's first session wait for one of another's fifty at most, over two launchers", async function () {
    this.timeout(20_000);
    await Promise.all([scene.startLauncher(SETTINGS), scene.startLauncher(SETTINGS)]);
    await ask("U1ADA", 52);
    await scene.gateway.arrival(2);
    const [thread] = await ask("U2BOB", 1);
    const next = [await nextAfter(1, 2), await nextAfter(2, 2)];
    expect(next).to.include(thread && sessionKeyOf(thread));
  });

  it("gives the weight of the settings", async () => {
    await scene.startLauncher({ ...SETTINGS, FAIR_SHARE_WEIGHTS: "U1ADA=2" });
    await ask("U3CAROL", 1);
    await scene.gateway.arrival(1);
    const ada = (await ask("U1ADA", 4)).map(sessionKeyOf);
    await ask("U2BOB", 2);
    const line = await scene.queue.line();
    expect(line.map((key) => ada.includes(key))).to.deep.equal([true, false, true, true, false, true]);
  });

  it("tells who waits where they stand, once and when they move up, until the run begins", async () => {
    await Promise.all([
      scene.startLauncher(SETTINGS, TELL_OFTEN),
      scene.startLauncher({ ...SETTINGS, MAX_CONCURRENT_RUNS: "1" }, TELL_OFTEN),
    ]);
    await ask("U1ADA", 2);
    await scene.gateway.arrival(2);
    const [first, second] = (await ask("U2BOB", 2)) as [ThreadAddress, ThreadAddress];
    expect(await scene.event(first, "waiting")).to.deep.equal({ type: "waiting", reason: "capacity", position: 1 });
    expect(await scene.event(second, "waiting")).to.include({ reason: "capacity", position: 2 });
    expect(await nextAfter(1, 2)).to.equal(sessionKeyOf(first));
    expect(await scene.event(second, "waiting", 2)).to.include({ position: 1 });
    await nextAfter(2, 2);
    expect(await scene.typesOf(first)).to.deep.equal(["accepted", "waiting", "run-started"]);
    expect(await scene.typesOf(second)).to.deep.equal(["accepted", "waiting", "waiting", "run-started"]);
  });

  it("says nothing to those whose turn comes at once", async () => {
    await scene.startLauncher({ ...SETTINGS, MAX_CONCURRENT_RUNS: "5" }, TELL_OFTEN);
    const threads = await ask("U1ADA", 3);
    await scene.gateway.arrival(3);
    for (const thread of threads) expect(await waitsOf(thread)).to.deep.equal([]);
  });

  it("cancels what waits at once, without a slot, and moves the others up", async () => {
    await Promise.all([scene.startLauncher(SETTINGS, TELL_OFTEN), scene.startLauncher(SETTINGS, TELL_OFTEN)]);
    const threads = await ask("U1ADA", 7);
    await scene.gateway.arrival(2);
    const [stopped, last] = threads.slice(-2) as [ThreadAddress, ThreadAddress];
    expect(await scene.event(stopped, "waiting")).to.include({ position: 4 });
    const began = Date.now();
    // As ingress does it: the news of the Stop first, then the word to the queue.
    await scene.write(stopped, "stop");
    expect(await scene.event(stopped, "cancelled")).to.include({ user: "U1ADA" });
    expect(Date.now() - began).to.be.below(8_000);
    expect((await scene.typesOf(stopped)).filter((type) => type === "cancelled")).to.have.length(1);
    expect((await scene.queue.line()).slice(0, 4)).to.include(sessionKeyOf(last));
    expect(scene.gateway.arrivals).to.have.length(2);
  });

  it("takes what is asked after the Stop", async () => {
    await scene.startLauncher(SETTINGS, TELL_OFTEN);
    const [, thread] = (await ask("U1ADA", 2)) as [ThreadAddress, ThreadAddress];
    await scene.event(thread, "waiting");
    await scene.write(thread, "stop");
    await scene.event(thread, "cancelled");
    const again = await scene.write(thread);
    expect(await nextAfter(1, 1)).to.equal(sessionKeyOf(thread));
    expect((await scene.event(thread, "run-started")).messageIds).to.deep.equal([again]);
  });

  it("tells only what stands in line for the second look in a row", async () => {
    const thread = aThread();
    await scene.write(thread);
    const { inbox, runs, waits, queue } = scene;
    const ports = { inbox, runs, waits, queue, business: { capacityReached() {}, lineUntold() {} } };
    const seen = await tellLine(new Map(), ports);
    expect(await waitsOf(thread)).to.deep.equal([]);
    await tellLine(seen, ports);
    expect(await waitsOf(thread)).to.have.length(1);
  });

  it("tells a changed place near the front, and further back when it halved or doubled", () => {
    const told = (before: number | undefined, position: number) => isWorthTelling(before, position);
    expect([told(undefined, 9), told(2, 1), told(40, 20), told(4, 8)]).to.deep.equal([true, true, true, true]);
    expect([told(3, 3), told(40, 39), told(5, 6)]).to.deep.equal([false, false, false]);
  });
});

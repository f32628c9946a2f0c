import { type TestRedis, testRedis, until } from "@peerbot/testing";
import { expect } from "chai";
import { createUserLimit } from "../src/index.ts";

const ADA = { team: "T1", user: "U1ADA" };

describe("the limit of runs per person", () => {
  let corner: TestRedis;
  beforeEach(async () => {
    corner = await testRedis();
  });
  afterEach(() => corner[Symbol.asyncDispose]());
  const limitOf = (max: number, windowSeconds = 900) =>
    createUserLimit({ redis: corner.redis, prefix: corner.prefix, max, windowSeconds });

  it("grants five runs in any window, over two launchers", async () => {
    const [one, other] = [limitOf(5), limitOf(5)];
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).claim(ADA, `request-${n}`)),
    );
    expect(claims.filter(({ isGranted }) => isGranted)).to.have.length(5);
  });

  it("never charges the same request twice", async () => {
    const limit = limitOf(1);
    for (let n = 0; n < 4; n++) expect(await limit.claim(ADA, "a")).to.include({ isGranted: true });
    expect(await limit.claim(ADA, "b")).to.include({ isGranted: false });
  });

  it("tells who waits when the window opens for them and at which place they are", async () => {
    const limit = limitOf(2, 100);
    const began = Date.now();
    for (const request of ["a", "b"]) await limit.claim(ADA, request);
    const waits = [];
    for (const request of ["c", "d", "e", "c"]) waits.push(await limit.claim(ADA, request));
    const told = waits.map((wait) => (wait.isGranted ? undefined : [wait.position, wait.until - began]));
    expect(told.map((place) => place?.[0])).to.deep.equal([1, 2, 3, 1]);
    for (const [index, seconds] of [100, 100, 200, 100].entries()) {
      expect(told[index]?.[1]).to.be.closeTo(seconds * 1_000, 2_000);
    }
    expect(await limit.waiting(ADA)).to.deep.equal(["c", "d", "e"]);
  });

  it("lets them begin in the order they asked once the window opens", async () => {
    const limit = limitOf(1, 1);
    await limit.claim(ADA, "a");
    await limit.claim(ADA, "b");
    await limit.claim(ADA, "c");
    await until(
      async () => {
        expect(await limit.claim(ADA, "c"), "the second in the row").to.include({ isGranted: false });
        return (await limit.claim(ADA, "b")).isGranted;
      },
      { what: "the window to open" },
    );
    expect(await limit.claim(ADA, "c")).to.include({ isGranted: false, position: 1 });
  });

  it("says that a granted request had waited", async () => {
    const limit = limitOf(1, 1);
    expect(await limit.claim(ADA, "a")).to.deep.equal({ isGranted: true, hadWaited: false });
    await limit.claim(ADA, "b");
    const granted = await until(
      async () => {
        const decision = await limit.claim(ADA, "b");
        return decision.isGranted && decision;
      },
      { what: "the window to open" },
    );
    expect(granted).to.deep.equal({ isGranted: true, hadWaited: true });
  });

  it("lets nobody pass who asked before, though many ask at the same moment", async () => {
    const limit = limitOf(1);
    await limit.claim(ADA, "first");
    // The names run backwards: nothing but the moment may count.
    const names = Array.from({ length: 50 }, (_, n) => `request-${String(99 - n)}`);
    const waits = await Promise.all(names.map((name) => limit.claim(ADA, name)));
    expect(waits.map((wait) => !wait.isGranted && wait.position)).to.deep.equal(names.map((_, index) => index + 1));
    expect(await limit.waiting(ADA)).to.deep.equal(names);
  });

  it("gives a withdrawn request's place to the next one", async () => {
    const limit = limitOf(1);
    for (const request of ["a", "b", "c"]) await limit.claim(ADA, request);
    await limit.withdraw(ADA, "b");
    expect(await limit.claim(ADA, "c")).to.include({ position: 1 });
  });

  it("counts people apart, also those with the same user id in another workspace", async () => {
    const limit = limitOf(1);
    for (const person of [ADA, { team: "T1", user: "U2BOB" }, { team: "T2", user: "U1ADA" }]) {
      expect(await limit.claim(person, "a")).to.include({ isGranted: true });
    }
  });
});

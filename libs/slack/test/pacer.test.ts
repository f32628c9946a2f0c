import { type TestRedis, testRedis } from "@peerbot/testing";
import { expect } from "chai";
import { createPacer, type MethodPace, type PacePriority, SLACK_PACE, scaledPace } from "../src/index.ts";

const TEAM = "T1";

describe("the pace of Slack calls", () => {
  let test: TestRedis;
  beforeEach(async () => {
    test = await testRedis();
  });
  afterEach(() => test[Symbol.asyncDispose]());

  const pacer = (limits: Record<string, MethodPace>) => createPacer({ redis: test.redis, prefix: test.prefix, limits });
  const limit = (perMinute: number, burst: number): MethodPace => ({ workspace: { perMinute, burst } });

  it("lets a burst through at once and the rest at the pace of the limit, over all replicas together", async () => {
    const replicas = [pacer({ a: limit(240, 4) }), pacer({ a: limit(240, 4) })];
    const start = performance.now();
    const times = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await replicas[index % 2]?.acquire({ team: TEAM, method: "a", priority: "terminal" });
        return performance.now() - start;
      }),
    );
    // 4 at once, 6 more at 250 ms each.
    expect(times.filter((time) => time < 240).length).to.be.within(3, 5);
    expect(Math.max(...times)).to.be.within(1_400, 8_000);
  });

  it("serves the more important first and keeps a part of the burst for them", async () => {
    const pace = pacer({ a: limit(60, 12) });
    const order: string[] = [];
    const leaving = new AbortController();
    const ask = async (name: string, priority: PacePriority) => {
      await pace.acquire({ team: TEAM, method: "a", priority, signal: leaving.signal });
      order.push(name);
    };
    await Promise.all(Array.from({ length: 9 }, () => ask("progress", "progress")));
    const late = ask("late progress", "progress").catch((error: unknown) => error);
    await Promise.all([ask("prompt", "prompt"), ask("terminal", "terminal")]);
    expect(order.slice(9)).to.deep.equal(["terminal", "prompt"]);
    leaving.abort();
    expect(await late).to.have.property("name", "AbortError");
  });

  it("counts workspaces, methods and channels apart", async () => {
    const slow = { workspace: { perMinute: 600, burst: 10 }, channel: { perMinute: 1, burst: 1 } };
    const pace = pacer({ a: slow, b: limit(1, 1) });
    const now = (call: { team: string; method: string; channel?: string }) =>
      pace.acquire({ ...call, priority: "terminal", signal: AbortSignal.timeout(1_000) });
    await now({ team: TEAM, method: "a", channel: "C1" });
    await now({ team: TEAM, method: "a", channel: "C2" });
    await now({ team: "T2", method: "a", channel: "C1" });
    await now({ team: TEAM, method: "b" });
    for (let call = 0; call < 20; call += 1) await now({ team: TEAM, method: "not-limited" });
  });

  it("lets nobody call while Slack asked for a pause, and goes on after it", async () => {
    const limits = { a: limit(6_000, 10) };
    for (const method of ["a", "not-limited"]) {
      await pacer(limits).pause({ team: TEAM, method }, 200);
      const start = performance.now();
      await pacer(limits).acquire({ team: TEAM, method, priority: "terminal" });
      expect(performance.now() - start).to.be.within(150, 5_000);
    }
  });

  it("stops waiting when told to, without using up anybody's turn", async () => {
    const pace = pacer({ a: limit(1, 1) });
    await pace.acquire({ team: TEAM, method: "a", priority: "terminal" });
    const failure = await pace
      .acquire({ team: TEAM, method: "a", priority: "terminal", signal: AbortSignal.timeout(30) })
      .catch((error: unknown) => error);
    expect(failure).to.have.property("name", "TimeoutError");
  });

  it("never plans more calls in a minute than Slack allows", () => {
    for (const [method, { workspace }] of Object.entries(scaledPace(SLACK_PACE, 100))) {
      const allowed: Record<string, number> = { "chat.startStream": 20, "chat.update": 50, "chat.appendStream": 100 };
      expect(workspace.perMinute + workspace.burst).to.be.at.most(allowed[method] ?? 400);
    }
    expect(scaledPace(SLACK_PACE, 50)["chat.update"]?.workspace).to.deep.equal({ perMinute: 20, burst: 5 });
  });
});

import { sessionKeyOf } from "@peerbot/contracts";
import { type TestRedis, testRedis, until } from "@peerbot/testing";
import { expect } from "chai";
import type { Redis } from "ioredis";
import { createWarmPool, isWarmName, newWarmName, subscribeWarmNews, warmPoolKeys } from "../src/index.ts";

const GENERATION = "one";
const PLAN = { generation: GENERATION, size: 2 };
const ORDER = {
  sessionKey: sessionKeyOf({ team: "T1", channel: "C0WARM", threadTs: "1700000000.000001" }),
  epoch: 1_700_000_000,
};

describe("the pool of warm workers", () => {
  let corner: TestRedis;
  const connections: Redis[] = [];
  beforeEach(async () => {
    corner = await testRedis();
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.disconnect();
    await corner[Symbol.asyncDispose]();
  });

  /** One replica's view of the pool, over a connection of its own. */
  function aPool() {
    const redis = corner.redis.duplicate();
    connections.push(redis);
    return createWarmPool({ redis, prefix: corner.prefix });
  }
  async function poolOf(...ready: string[]) {
    const pool = aPool();
    await pool.announce({ generation: GENERATION, size: Math.max(PLAN.size, ready.length) }, { isNew: true });
    for (const name of ready) {
      await pool.reserve(name, GENERATION);
      await pool.arrive(name);
    }
    return pool;
  }

  it("gives its workers names that no run has", () => {
    const names = Array.from({ length: 100 }, newWarmName);
    expect(new Set(names).size).to.equal(100);
    for (const name of names) {
      expect(isWarmName(name)).to.equal(true);
      expect(name).to.match(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
    }
    expect(isWarmName(`peerbot-${ORDER.sessionKey}-abc`)).to.equal(false);
  });

  it("is never filled beyond its size, however many launchers fill it at once", async () => {
    const pools = [aPool(), aPool()];
    await pools[0]?.announce({ generation: GENERATION, size: 3 }, { isNew: true });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => pools[n % 2]?.reserve(`m${n}`, GENERATION)));
    expect(answers.filter((answer) => answer === "reserved")).to.have.length(3);
    expect(await pools[1]?.members()).to.have.length(3);
  });

  it("takes no worker of a generation that is not the plan's", async () => {
    const pool = await poolOf();
    expect(await pool.reserve("m1", "older")).to.equal("full");
  });

  it("counts workers that leave until they are gone, and none that has a run", async () => {
    const pool = await poolOf("m1", "m2");
    await pool.retire("m1");
    await pool.decide("run", ORDER, GENERATION);
    expect(await pool.reserve("m3", GENERATION)).to.equal("reserved");
    expect(await pool.reserve("m4", GENERATION)).to.equal("full");
    await pool.drop("m1");
    expect(await pool.reserve("m4", GENERATION)).to.equal("reserved");
  });

  it("follows the plan of the launcher that came last, for as long as its kind is there", async () => {
    const [older, newer] = [aPool(), aPool()];
    const next = { generation: "two", size: 5 };
    expect(await older.announce(PLAN, { isNew: true })).to.deep.equal(PLAN);
    expect(await newer.announce(next, { isNew: true })).to.deep.equal(next);
    expect(await older.announce(PLAN, { isNew: false })).to.deep.equal(next);
    await corner.redis.del(warmPoolKeys(corner.prefix).plan); // as if it had lapsed
    expect(await older.announce(PLAN, { isNew: false })).to.deep.equal(PLAN);
    expect(await corner.redis.pttl(warmPoolKeys(corner.prefix).plan)).to.be.within(1_000, 60_000);
  });

  it("lets a worker arrive once, and only one that was reserved", async () => {
    const pool = await poolOf();
    expect(await pool.arrive("stranger")).to.equal("refused");
    await pool.reserve("m1", GENERATION);
    const answers = await Promise.all([pool.arrive("m1"), aPool().arrive("m1"), pool.arrive("m1")]);
    expect(answers.toSorted()).to.deep.equal(["ready", "refused", "refused"]);
  });

  it("gives one worker to exactly one of two runs that want it", async () => {
    for (let round = 0; round < 20; round++) {
      const member = `m${round}`;
      const pool = await poolOf(member);
      const decisions = await Promise.all([
        pool.decide(`a${round}`, ORDER, GENERATION),
        aPool().decide(`b${round}`, ORDER, GENERATION),
      ]);
      const warm = decisions.filter(({ kind }) => kind === "warm");
      expect(warm).to.deep.equal([{ kind: "warm", member, isNew: true }]);
      await pool.release(`a${round}`);
      await pool.release(`b${round}`);
    }
  });

  it("gives a run one worker, whichever launcher asks", async () => {
    const pool = await poolOf("m1", "m2");
    const asked = await Promise.all([1, 2, 3].map(() => aPool().decide("run", ORDER, GENERATION)));
    expect(asked.filter((decision) => decision.kind === "warm" && decision.isNew)).to.have.length(1);
    expect(new Set(asked.map((decision) => decision.kind === "warm" && decision.member)).size).to.equal(1);
    expect((await pool.members()).filter(({ state }) => state === "ready")).to.have.length(1);
  });

  it("decides for a worker of its own when none is ready, and stands by it when one becomes ready", async () => {
    const pool = await poolOf();
    await pool.reserve("m1", GENERATION);
    expect(await pool.decide("run", ORDER, GENERATION)).to.deep.equal({ kind: "cold" });
    await pool.arrive("m1");
    expect(await pool.decide("run", ORDER, GENERATION)).to.deep.equal({ kind: "cold" });
    expect(await pool.memberOf("run")).to.equal(undefined);
  });

  it("gives the worker that has waited longest", async () => {
    const pool = await poolOf("m2");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await pool.reserve("m1", GENERATION);
    await pool.arrive("m1");
    expect(await pool.decide("run", ORDER, GENERATION)).to.include({ member: "m2" });
  });

  for (const [what, unfit] of [
    ["of another generation", async (pool: ReturnType<typeof aPool>) => pool.decide("run", ORDER, "two")],
    [
      "for a run that is to have its own",
      async (pool: ReturnType<typeof aPool>) => pool.decide("run", ORDER, undefined),
    ],
    [
      "that has not asked for long",
      async (pool: ReturnType<typeof aPool>) => {
        const members = warmPoolKeys(corner.prefix).members;
        const member = JSON.parse((await corner.redis.hget(members, "m1")) ?? "");
        await corner.redis.hset(members, "m1", JSON.stringify({ ...member, seenAt: member.seenAt - 60_000 }));
        return pool.decide("run", ORDER, GENERATION);
      },
    ],
    [
      "that is leaving",
      async (pool: ReturnType<typeof aPool>) => {
        await pool.retire("m1");
        return pool.decide("run", ORDER, GENERATION);
      },
    ],
  ] as const) {
    it(`gives no worker ${what}`, async () => {
      expect(await unfit(await poolOf("m1"))).to.deep.equal({ kind: "cold" });
    });
  }

  it("hands the run to the member it was given to, as often as that asks, and to no other", async () => {
    const pool = await poolOf("m1", "m2");
    await pool.decide("run", ORDER, GENERATION);
    expect([await pool.look("m1"), await pool.look("m2")]).to.deep.equal(["offered", "waiting"]);
    expect(await pool.take("m2")).to.equal("over");
    expect(await pool.take("m1")).to.deep.equal({ order: ORDER, isAgain: false });
    expect(await pool.take("m1")).to.deep.equal({ order: ORDER, isAgain: true });
  });

  it("either withdraws a run or lets it be taken, never both", async () => {
    const other = aPool();
    for (let round = 0; round < 20; round++) {
      const [member, run] = [`m${round}`, `run${round}`];
      const pool = await poolOf(member);
      await pool.decide(run, ORDER, GENERATION);
      const [withdrawn, taken] = await Promise.all([pool.withdraw(run), other.take(member)]);
      expect(withdrawn === "withdrawn").to.equal(taken === "over");
      expect(await pool.memberOf(run)).to.equal(withdrawn === "withdrawn" ? undefined : member);
      await pool.release(run);
      await pool.drop(member);
    }
  });

  it("gives a withdrawn run no other member, and its member no other run", async () => {
    const pool = await poolOf("m1", "m2");
    await pool.decide("run", ORDER, GENERATION);
    expect(await pool.withdraw("run")).to.equal("withdrawn");
    expect(await pool.decide("run", ORDER, GENERATION)).to.deep.equal({ kind: "cold" });
    expect(await pool.look("m1")).to.equal("over");
    expect(await pool.decide("next", ORDER, GENERATION)).to.include({ member: "m2" });
  });

  it("holds no more than the session's key and the run's number of a run", async () => {
    const pool = await poolOf("m1");
    await pool.decide("run", ORDER, GENERATION);
    const text = JSON.stringify(await corner.redis.hgetall(warmPoolKeys(corner.prefix).members));
    expect(JSON.parse(JSON.parse(text).m1).order).to.deep.equal(ORDER);
    expect(text).to.not.match(/eyJ/);
  });

  it("does not let go of a worker that has a run until that is released", async () => {
    const pool = await poolOf("m1");
    await pool.decide("run", ORDER, GENERATION);
    expect(await pool.retire("m1")).to.equal("assigned");
    await pool.drop("m1");
    expect(await pool.memberOf("run")).to.equal("m1");
    await pool.release("run");
    expect(await pool.memberOf("run")).to.equal(undefined);
    expect([await pool.members(), await pool.decisions()]).to.deep.equal([[], []]);
    expect(await pool.look("m1")).to.equal("over");
  });

  it("lets a worker go that it knows nothing of any more", async () => {
    const pool = await poolOf("m1");
    await corner.redis.del(warmPoolKeys(corner.prefix).members);
    expect(await pool.look("m1")).to.equal("over");
    expect(await pool.take("m1")).to.equal("over");
  });

  it("tells whoever waits for a member that something happened with it, and only with it", async () => {
    const subscriber = corner.redis.duplicate();
    try {
      const news = await subscribeWarmNews({ subscriber, prefix: corner.prefix });
      const pool = await poolOf("m1", "m2");
      const heard: string[] = [];
      const signal = new AbortController().signal;
      for (const name of ["m1", "m2"]) void news.next(name, { timeoutMs: 5_000, signal }).then(() => heard.push(name));
      await pool.decide("run", ORDER, GENERATION);
      await until(() => heard.length > 0, { what: "the news" });
      expect(heard).to.deep.equal(["m1"]);
      await pool.retire("m2");
      await until(() => heard.length === 2, { what: "the other news" });
      const aborted = new AbortController();
      const waiting = news.next("m1", { timeoutMs: 60_000, signal: aborted.signal });
      aborted.abort();
      await waiting;
    } finally {
      subscriber.disconnect();
    }
  });
});

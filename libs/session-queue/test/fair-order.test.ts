import { type SessionKey, sessionKeyOf, type WorkspaceUser } from "@peerbot/contracts";
import { createLogger } from "@peerbot/runtime";
import { type TestRedis, testRedis, until } from "@peerbot/testing";
import { expect } from "chai";
import { Redis } from "ioredis";
import {
  consumeSessions,
  createSessionQueue,
  type SessionConsumer,
  type SessionJobResult,
  type SessionQueue,
} from "../src/index.ts";

const [ADA, BOB, CAROL, DAVE] = ["U1ADA", "U2BOB", "U3CAROL", "U4DAVE"].map((user) => ({ team: "T1", user })) as [
  WorkspaceUser,
  WorkspaceUser,
  WorkspaceUser,
  WorkspaceUser,
];

describe("the fair order of waiting sessions", () => {
  let corner: TestRedis;
  let queues: [SessionQueue, SessionQueue];
  let parts: AsyncDisposableStack;
  let begun: { key: SessionKey; end: (result: SessionJobResult) => void }[];
  let consumers: SessionConsumer[];
  let made: number;
  beforeEach(async () => {
    parts = new AsyncDisposableStack();
    corner = parts.use(await testRedis());
    const { redis: connection, prefix } = corner;
    queues = [
      parts.use(createSessionQueue({ connection, prefix })),
      parts.use(createSessionQueue({ connection, prefix })),
    ];
    begun = [];
    consumers = [];
    made = 0;
  });
  afterEach(async () => {
    for (const { end } of begun) end("done");
    await leaveAll();
    await parts.disposeAsync();
  });

  /** A launcher with some slots. */
  async function open({ slots }: { slots: number }): Promise<void> {
    const connection = new Redis(corner.url, { maxRetriesPerRequest: null });
    parts.defer(() => connection.disconnect());
    const consumer = await consumeSessions({
      connection,
      prefix: corner.prefix,
      concurrency: slots,
      logger: createLogger({ service: "test", level: "fatal" }),
      work: (key, { leaving }) =>
        new Promise((end) => {
          begun.push({ key, end });
          leaving.addEventListener("abort", () => end("handed-over"));
        }),
    });
    consumers.push(consumer);
  }

  /** All launchers leave. */
  async function leaveAll(): Promise<void> {
    for (const consumer of consumers.splice(0)) await consumer[Symbol.asyncDispose]();
  }

  /** New sessions of one person, put into the queue through one replica or the other. */
  async function ask(person: WorkspaceUser, count = 1): Promise<SessionKey[]> {
    const keys = Array.from({ length: count }, () => {
      made += 1;
      return sessionKeyOf({ team: "T1", channel: "C0FAIR", threadTs: `1700000000.${String(made).padStart(6, "0")}` });
    });
    for (const [index, key] of keys.entries()) await queues[index % 2 === 0 ? 0 : 1].enqueue(key, { person });
    return keys;
  }

  const begunKeys = () => begun.map(({ key }) => key);
  const untilBegun = (count: number) => until(() => begun.length >= count, { what: `turn ${count}` });

  /** Frees the slot that is taken longest, and waits for the next session to have it. */
  async function freeSlot(slots: number, result: SessionJobResult = "done"): Promise<void> {
    const turns = begun.length;
    begun[turns - slots]?.end(result);
    await untilBegun(turns + 1);
  }

  it("lets a person's first session wait for one of another's fifty at most, over two launchers", async () => {
    await open({ slots: 1 });
    await open({ slots: 1 });
    await ask(ADA, 52);
    await untilBegun(2);
    for (const person of [BOB, CAROL]) {
      const [first] = await ask(person);
      const before = begun.length;
      await freeSlot(2);
      if (begunKeys().at(-1) !== first) await freeSlot(2);
      expect(begunKeys().slice(before), person.user).to.include(first);
    }
  });

  it("gives a newcomer the very next slot when somebody else has had the last ones", async () => {
    await open({ slots: 1 });
    await ask(ADA, 5);
    await untilBegun(1);
    await freeSlot(1);
    const [first] = await ask(BOB);
    await freeSlot(1);
    expect(begunKeys().at(-1)).to.equal(first);
  });

  it("lets everybody take turns", async () => {
    await ask(ADA, 4);
    await ask(BOB, 4);
    await ask(CAROL, 2);
    const people = new Map(
      (await queues[0].queue.getJobs(["prioritized"])).map(({ data }) => [data.sessionKey, data.person.user]),
    );
    const line = (await queues[1].line()).map((key) => people.get(key));
    const [ada, bob, carol] = [ADA.user, BOB.user, CAROL.user];
    expect(line).to.deep.equal([ada, bob, carol, ada, bob, carol, ada, bob, ada, bob]);
  });

  it("keeps the order of one person's sessions, and each of them once", async () => {
    await open({ slots: 1 });
    const ada = await ask(ADA, 6);
    const bob = await ask(BOB, 3);
    for (const key of ada) await queues[0].enqueue(key, { person: ADA });
    await untilBegun(1);
    while (begun.length < 9) await freeSlot(1);
    expect(begunKeys().filter((key) => ada.includes(key))).to.deep.equal(ada);
    expect(begunKeys().filter((key) => bob.includes(key))).to.deep.equal(bob);
  });

  it("starves nobody, however often others come back", async () => {
    await open({ slots: 1 });
    const waiting = await ask(ADA, 3);
    await untilBegun(1);
    for (const person of [BOB, CAROL, DAVE]) await ask(person);
    for (let turn = 0; turn < 10; turn++) {
      await freeSlot(1);
      // Each of the others asks again as soon as one of theirs has had its turn.
      const line = await queues[0].queue.getJobs(["prioritized"]);
      for (const person of [BOB, CAROL, DAVE]) {
        if (!line.some(({ data }) => data.person.user === person.user)) await ask(person);
      }
    }
    expect(begunKeys()).to.include.members(waiting);
  });

  it("gives who has twice the weight two turns for each of the others'", async () => {
    await queues[0].setWeights(new Map([[ADA.user, 2]]));
    const ada = await ask(ADA, 6);
    const bob = await ask(BOB, 3);
    const line = await queues[1].line();
    expect(line.slice(0, 6).filter((key) => ada.includes(key))).to.have.length(4);
    expect(line.slice(0, 6).filter((key) => bob.includes(key))).to.have.length(2);
    await queues[0].setWeights(new Map());
    expect((await queues[1].line()).slice(0, 6).filter((key) => ada.includes(key))).to.have.length(3);
  });

  it("lets a postponed session wait for its turn like all others when its time has come", async () => {
    await open({ slots: 1 });
    const [postponed] = await ask(ADA);
    await untilBegun(1);
    await ask(ADA, 2);
    const [other] = await ask(BOB);
    await freeSlot(1, { postponedUntil: Date.now() + 3_600_000 });
    if (postponed !== undefined) await queues[1].hurry(postponed);
    const line = await queues[0].line();
    expect(line.at(-1)).to.equal(postponed);
    expect([begunKeys().at(-1), line[0]]).to.include(other);
  });

  it("lets sessions first that were in work when their launcher left: their runs may be living", async () => {
    await open({ slots: 1 });
    const [inWork] = await ask(ADA);
    await untilBegun(1);
    const [other] = await ask(BOB);
    await leaveAll();
    expect(await queues[0].line()).to.deep.equal([inWork, other]);
  });

  it("puts a job right whose writer died before it was put into its place", async () => {
    await ask(ADA, 5);
    const key = sessionKeyOf({ team: "T1", channel: "C0FAIR", threadTs: "1700000001.000000" });
    const job = { v: 1, sessionKey: key, enqueuedAt: Date.now(), person: BOB };
    await queues[0].queue.add("session", job, { deduplication: { id: key, keepLastIfActive: true } });
    expect((await queues[0].line()).indexOf(key)).to.equal(1);
  });

  it("moves up who stands behind a session that was withdrawn", async () => {
    const [first, second, third] = await ask(ADA, 3);
    if (second !== undefined) await queues[0].withdraw(second);
    expect(await queues[1].line()).to.deep.equal([first, third]);
    if (second !== undefined) expect(await queues[0].hasJob(second)).to.equal(false);
  });

  it("orders what comes after many that came and went, and notes nothing of those any more", async () => {
    for (const key of await ask(ADA, 150)) await queues[0].withdraw(key);
    const [first, third] = await ask(ADA, 2);
    const [second] = await ask(BOB);
    expect(await queues[1].line()).to.deep.equal([first, second, third]);
    expect(await corner.redis.hlen(queues[0].queue.toKey("fair-owners"))).to.be.lessThan(110);
  });

  it("withdraws nothing that is in work", async () => {
    await open({ slots: 1 });
    const [key] = await ask(ADA);
    await untilBegun(1);
    if (key === undefined) throw new Error("one was asked for");
    await queues[0].withdraw(key);
    expect(await queues[0].hasJob(key)).to.equal(true);
  });
});

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type SessionKey, sessionKeyOf } from "@peerbot/contracts";
import { createLogger } from "@peerbot/runtime";
import { type TestRedis, temporaryFolder, testRedis, until } from "@peerbot/testing";
import { startRedis } from "@peerbot/testing/redis-server";
import { expect } from "chai";
import { Redis } from "ioredis";
import {
  consumeSessions,
  createSessionQueue,
  type SessionConsumer,
  type SessionConsumerOptions,
  type SessionQueue,
} from "../src/index.ts";

const KEY = sessionKeyOf({ team: "T1", channel: "C0QUEUE", threadTs: "1700000000.000001" });
const OTHER_KEY = sessionKeyOf({ team: "T1", channel: "C0QUEUE", threadTs: "1700000000.000002" });

describe("the queue of sessions", () => {
  let corner: TestRedis;
  let queue: SessionQueue;
  let connections: Redis[];
  let consumers: SessionConsumer[];
  beforeEach(async () => {
    corner = await testRedis();
    queue = createSessionQueue({ connection: corner.redis, prefix: corner.prefix });
    connections = [];
    consumers = [];
  });
  afterEach(async () => {
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
    await queue[Symbol.asyncDispose]();
    for (const connection of connections) connection.disconnect();
    await corner[Symbol.asyncDispose]();
  });

  async function consume(work: SessionConsumerOptions["work"]): Promise<SessionConsumer> {
    const connection = new Redis(corner.url, { maxRetriesPerRequest: null });
    connections.push(connection);
    const logger = createLogger({ service: "test", level: "fatal" });
    const { prefix } = corner;
    const consumer = await consumeSessions({ connection, prefix, concurrency: 5, work, logger, lockDurationMs: 1_000 });
    consumers.push(consumer);
    return consumer;
  }

  /** Work that goes on until told. */
  function heldWork() {
    const begun: SessionKey[] = [];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const work: SessionConsumerOptions["work"] = async (key) => {
      begun.push(key);
      await released;
      return "done";
    };
    return { begun, work, release };
  }

  it("holds no place for a job that another consumer may have, after an outage that its lock did not outlive", async () => {
    let [begun, inWork] = [0, 0];
    await consume(async (_key, { leaving }) => {
      begun += 1;
      inWork += 1;
      await new Promise((resolve) => leaving.addEventListener("abort", resolve));
      inWork -= 1;
      return "handed-over";
    });
    await queue.enqueue(KEY);
    await until(() => begun === 1, { what: "the work to begin" });
    for (const lock of await corner.redis.keys(`*${corner.prefix}*:lock`)) await corner.redis.del(lock);
    await until(() => begun === 2, { what: "the job to be taken again", timeoutMs: 10_000 });
    await until(() => inWork === 1, { what: "the first work to be left" });
  });

  it("gives a session's work once, however often it is said before", async () => {
    for (let n = 0; n < 5; n++) await queue.enqueue(KEY);
    await queue.enqueue(OTHER_KEY);
    const begun: SessionKey[] = [];
    await consume(async (key) => {
      begun.push(key);
      return "done";
    });
    await until(async () => begun.length >= 2 && !(await queue.hasJob(KEY)), { what: "both sessions' work" });
    expect(begun.toSorted()).to.deep.equal([KEY, OTHER_KEY].toSorted());
  });

  it("works once more after what is in work, however often more was said meanwhile", async () => {
    const { begun, work, release } = heldWork();
    await consume(work);
    await queue.enqueue(KEY);
    await until(() => begun.length === 1, { what: "the work to begin" });
    for (let n = 0; n < 3; n++) await queue.enqueue(KEY);
    expect(await queue.hasJob(KEY)).to.equal(true);
    expect(begun).to.have.length(1);
    release();
    await until(async () => begun.length > 1 && !(await queue.hasJob(KEY)), { what: "the work after it" });
    expect(begun).to.have.length(2);
  });

  it("brings a postponed session back at its time, and before it when hurried", async () => {
    const begun: number[] = [];
    await consume(async () => {
      begun.push(Date.now());
      if (begun.length === 1) return { postponedUntil: Date.now() + 300 };
      if (begun.length === 2) return { postponedUntil: Date.now() + 3_600_000 };
      return "done";
    });
    await queue.enqueue(KEY);
    await until(() => begun.length === 2, { what: "the postponed work" });
    expect((begun[1] ?? 0) - (begun[0] ?? 0)).to.be.at.least(300);
    await until(async () => (await queue.queue.getDelayedCount()) === 1, { what: "the second delay" });
    await queue.enqueue(KEY);
    expect(await queue.queue.getDelayedCount()).to.equal(1);
    await queue.hurry(KEY);
    await until(() => begun.length === 3, { what: "the hurried work" });
  });

  it("does not mind being hurried when nothing is postponed", async () => {
    await queue.hurry(KEY);
    const { begun, work, release } = heldWork();
    await consume(work);
    await queue.enqueue(KEY);
    await until(() => begun.length === 1, { what: "the work to begin" });
    await queue.hurry(KEY);
    release();
  });

  it("hands its sessions over when it leaves, so that another consumer has them at once", async () => {
    const first = await consume(async (_key, { leaving }) => {
      await new Promise((resolve) => leaving.addEventListener("abort", resolve));
      return "handed-over";
    });
    await queue.enqueue(KEY);
    await queue.enqueue(OTHER_KEY);
    await until(async () => (await queue.queue.getActiveCount()) === 2, { what: "both to be in work" });
    const second = heldWork();
    await consume(second.work);
    const began = Date.now();
    await first[Symbol.asyncDispose]();
    await until(() => second.begun.length === 2, { what: "the second consumer to have both" });
    expect(Date.now() - began).to.be.below(900); // less than any lock lasts
    second.release();
  });

  it("leaves without waiting for a Redis that is away", async () => {
    await using folder = await temporaryFolder();
    const redis = await startRedis({ dataDir: folder.path, isDurable: false });
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    connection.on("error", () => {}); // it is to be away
    connections.push(connection);
    const logger = createLogger({ service: "test", level: "fatal" });
    const work = async () => "done" as const;
    const consumer = await consumeSessions({ connection, prefix: corner.prefix, concurrency: 1, work, logger });
    await redis[Symbol.asyncDispose]();
    await until(() => connection.status !== "ready", { what: "the loss to be noticed" });
    const began = Date.now();
    await consumer[Symbol.asyncDispose]();
    expect(Date.now() - began).to.be.below(6_000);
  });

  it("gives a session to another consumer when the one that had it is dead", async () => {
    const program = fileURLToPath(new URL("./programs/consume-for-ever.ts", import.meta.url));
    const dying = spawn(process.execPath, [program, corner.url, corner.prefix], { stdio: "ignore" });
    await queue.enqueue(KEY);
    await until(async () => (await queue.queue.getActiveCount()) === 1, { what: "it to be in work" });
    dying.kill("SIGKILL");
    const second = heldWork();
    await consume(second.work);
    await until(() => second.begun.length === 1, { what: "the second consumer to have it" });
    second.release();
  });

  it("tries work that threw again", async () => {
    let tries = 0;
    await consume(async () => {
      tries += 1;
      if (tries === 1) throw new Error("Redis was away");
      return "done";
    });
    await queue.enqueue(KEY);
    await until(() => tries === 2, { what: "the second try" });
  });
});

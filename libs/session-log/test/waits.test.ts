import { sessionKeyOf, type ThreadAddress } from "@peerbot/contracts";
import { expect } from "chai";
import { createSessionWaits, type SessionWaits } from "../src/index.ts";
import { aMessage, aThread, openSessionLog, type SessionLog } from "./session-log.ts";

describe("what a thread is told about its waiting", () => {
  let log: SessionLog;
  let waits: SessionWaits;
  let thread: ThreadAddress;
  beforeEach(async () => {
    log = await openSessionLog();
    waits = createSessionWaits({ redis: log.redis, prefix: log.prefix, retentionSeconds: 60 });
    thread = aThread();
    await log.inbox.accept(thread, aMessage(), undefined);
  });
  afterEach(() => log[Symbol.asyncDispose]());
  const key = () => sessionKeyOf(thread);
  const wait = { request: "a", reason: "capacity", position: 3 } as const;

  it("is told once, however many launchers tell it, and again when it changes", async () => {
    expect(await waits.last(key())).to.equal(undefined);
    const answers = await Promise.all([waits.tell(key(), wait), waits.tell(key(), wait)]);
    expect(answers.toSorted()).to.deep.equal(["known", "told"]);
    expect(await waits.tell(key(), { ...wait, position: 1 })).to.equal("told");
    expect(await waits.last(key())).to.deep.equal({ ...wait, position: 1 });
    expect(await log.typesOf(thread)).to.deep.equal(["accepted", "waiting", "waiting"]);
  });

  it("is not told any more once the run has begun, or what waited was withdrawn", async () => {
    const run = await log.begin(thread);
    expect(await waits.tell(key(), wait)).to.equal("over");
    const [entry] = await log.inbox.pending(key());
    const event = { type: "run-ended", reason: "crashed", isRetrying: true } as const;
    await log.runs.end(key(), run.epoch, { event, settleThrough: "0-0" });
    await log.runs.cancel(key(), { settleThrough: entry?.inboxId ?? "", user: "U1ADA", after: run.epoch });
    expect(await waits.tell(key(), wait)).to.equal("over");
    expect(await log.typesOf(thread)).to.not.include("waiting");
  });
});

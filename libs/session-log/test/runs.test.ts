import { sessionKeyOf, type ThreadAddress } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { ADA, aMessage, aThread, openSessionLog, type SessionLog } from "./session-log.ts";

const REPOSITORY = { owner: "acme", name: "user-ada", defaultBranch: "main", webUrl: "https://git.test/acme/user-ada" };

describe("a session's runs", () => {
  let log: SessionLog;
  let thread: ThreadAddress;
  beforeEach(async () => {
    log = await openSessionLog();
    thread = aThread();
    await log.inbox.accept(thread, aMessage(), undefined);
  });
  afterEach(() => log[Symbol.asyncDispose]());
  const key = () => sessionKeyOf(thread);
  const ended = { type: "run-ended", reason: "crashed", isRetrying: false } as const;
  const finished = { type: "finished", outcome: "no-changes", branch: "b" } as const;

  it("lets one of several launchers begin", async () => {
    const run = { key: key(), person: { team: "T1", id: "U1", name: "Ada" }, branch: "b", inboxAfter: "0-0" };
    const begin = () => log.runs.begin({ ...run, attempt: 1, deadlineAt: 1, messageIds: [] }, { after: 0 });
    const answers = await Promise.all([begin(), begin(), begin()]);
    expect(answers.filter((answer) => answer === "superseded")).to.have.length(2);
    expect(await log.typesOf(thread)).to.deep.equal(["accepted", "run-started"]);
    expect(await log.runs.live()).to.deep.equal([key()]);
  });

  it("gives back the record it began with, and where the run works once that is known", async () => {
    const run = await log.begin(thread);
    expect(await log.runs.current(key())).to.deep.include({ ...run, state: "live" });
    expect(await log.runs.prepare(key(), run.epoch, REPOSITORY)).to.equal("prepared");
    expect((await log.runs.current(key()))?.repository).to.deep.equal(REPOSITORY);
  });

  it("raises the epoch with each run, also after Redis forgot everything", async function () {
    this.timeout(5_000);
    const first = await log.begin(thread);
    const second = await log.begin(thread, first.epoch);
    expect(second.epoch).to.be.greaterThan(first.epoch);
    const keys = await log.redis.keys(`*${log.prefix}*`);
    await log.redis.del(...keys);
    // The epoch counts in seconds: no two installations of Redis come and go within one.
    await until(() => Date.now() / 1000 > second.epoch + 1, { what: "the next second" });
    await log.inbox.accept(thread, aMessage(), undefined);
    expect((await log.begin(thread)).epoch).to.be.greaterThan(second.epoch);
  });

  it("refuses everything an older run writes once a newer one began", async () => {
    const old = await log.begin(thread);
    await log.begin(thread, old.epoch);
    const before = await log.typesOf(thread);
    expect(await log.runs.check(key(), old.epoch)).to.equal("fenced");
    expect(await log.runs.claim(key(), old.epoch)).to.equal("fenced");
    expect(await log.runs.prepare(key(), old.epoch, REPOSITORY)).to.equal("fenced");
    expect(await log.runs.readInbox(key(), old.epoch, "0-0")).to.equal("fenced");
    const event = { type: "text", text: "from beyond" } as const;
    expect(await log.runs.report(key(), old.epoch, [{ n: 1, event }])).to.equal("fenced");
    await log.runs.reportOnce(key(), old.epoch, { type: "model-requested" });
    const finish = { event: finished, handledThrough: "0-0", isForced: true };
    expect(await log.runs.finish(key(), old.epoch, finish)).to.equal("fenced");
    expect(await log.runs.end(key(), old.epoch, { event: ended, settleThrough: "0-0" })).to.equal("fenced");
    expect(await log.typesOf(thread)).to.deep.equal(before);
  });

  it("redeems a start token once", async () => {
    const { epoch } = await log.begin(thread);
    const answers = await Promise.all([1, 2, 3].map(() => log.runs.claim(key(), epoch)));
    expect(answers.toSorted()).to.deep.equal(["already-claimed", "already-claimed", "claimed"]);
  });

  it("stores each of a worker's events once, however often and overlapping they are sent", async () => {
    const { epoch } = await log.begin(thread);
    const event = (n: number) => ({ n, event: { type: "text", text: String(n) } as const });
    expect(await log.runs.report(key(), epoch, [event(1), event(2)])).to.deep.equal({ lastN: 2 });
    expect(await log.runs.report(key(), epoch, [event(1), event(2), event(3)])).to.deep.equal({ lastN: 3 });
    expect(await log.runs.report(key(), epoch, [event(5)])).to.deep.equal({ lastN: 3 });
    const texts = (await log.events.read(key(), { afterSeq: 2 })).map(({ event: stored }) =>
      stored?.type === "text" ? stored.text : stored?.type,
    );
    expect(texts).to.deep.equal(["1", "2", "3"]);
  });

  it("does not let a run finish while messages wait that it has not handled", async () => {
    const { epoch } = await log.begin(thread);
    const [first] = await log.inbox.pending(key());
    await log.inbox.accept(thread, aMessage(), undefined);
    const request = { event: finished, handledThrough: first?.inboxId ?? "", isForced: false };
    expect(await log.runs.finish(key(), epoch, request)).to.equal("more-messages");
    expect(await log.typesOf(thread)).to.not.include("finished");
    const entries = await log.runs.readInbox(key(), epoch, request.handledThrough);
    const last = entries === "fenced" ? undefined : entries.at(-1);
    const handled = { ...request, handledThrough: last?.inboxId ?? "" };
    expect(await log.runs.finish(key(), epoch, handled)).to.equal("finished");
    expect(await log.runs.finish(key(), epoch, handled)).to.equal("finished");
    expect((await log.typesOf(thread)).filter((type) => type === "finished")).to.have.length(1);
    expect(await log.inbox.pending(key())).to.deep.equal([]);
    expect((await log.runs.current(key()))?.outcome).to.equal("no-changes");
  });

  it("takes no worker's word for having dealt with what nobody has said yet", async () => {
    const { epoch } = await log.begin(thread);
    const claimed = { event: finished, handledThrough: "9999999999999-0", isForced: true };
    expect(await log.runs.finish(key(), epoch, claimed)).to.equal("finished");
    const next = aMessage();
    await log.inbox.accept(thread, next, undefined);
    expect((await log.inbox.pending(key())).map(({ message }) => message.id)).to.deep.equal([next.id]);
  });

  it("leaves a message that came as the run ended to the next run", async () => {
    const { epoch } = await log.begin(thread);
    const [first] = await log.inbox.pending(key());
    const late = aMessage();
    await log.inbox.accept(thread, late, undefined);
    await log.runs.finish(key(), epoch, { event: finished, handledThrough: first?.inboxId ?? "", isForced: true });
    expect((await log.inbox.pending(key())).map(({ message }) => message.id)).to.deep.equal([late.id]);
  });

  it("tells an end once, and not at all when the worker told its outcome", async () => {
    const first = await log.begin(thread);
    const through = first.inboxThrough ?? "";
    const ends = await Promise.all(
      [1, 2].map(() => log.runs.end(key(), first.epoch, { event: ended, settleThrough: through })),
    );
    expect(ends.toSorted()).to.deep.equal(["already-ended", "ended"]);
    expect(await log.runs.live()).to.deep.equal([]);

    await log.inbox.accept(thread, aMessage(), undefined);
    const second = await log.begin(thread, first.epoch);
    const handledThrough = second.inboxThrough ?? "";
    await log.runs.finish(key(), second.epoch, { event: finished, handledThrough, isForced: false });
    expect(await log.runs.end(key(), second.epoch, { event: ended, settleThrough: "0-0" })).to.equal("had-finished");
    expect((await log.typesOf(thread)).filter((type) => type === "run-ended")).to.have.length(1);
  });

  it("counts what a dead run was given as dealt with, unless it is tried again", async () => {
    const first = await log.begin(thread);
    const later = aMessage();
    await log.inbox.accept(thread, later, undefined);
    await log.runs.readInbox(key(), first.epoch, first.inboxAfter);
    const untaken = aMessage();
    await log.inbox.accept(thread, untaken, undefined);

    const retrying = { event: { ...ended, isRetrying: true }, settleThrough: first.inboxThrough ?? "" };
    await log.runs.end(key(), first.epoch, retrying);
    expect(await log.inbox.pending(key())).to.have.length(3);

    const second = await log.begin(thread, first.epoch, 2);
    await log.runs.end(key(), second.epoch, { event: ended, settleThrough: second.inboxThrough ?? "" });
    expect(await log.inbox.pending(key())).to.deep.equal([]);
    expect((await log.inbox.session(key()))?.retryFrom).to.equal(second.inboxAfter);
  });

  it("leaves what a dead run never met to the next one", async () => {
    const run = await log.begin(thread);
    const late = aMessage();
    await log.inbox.accept(thread, late, undefined);
    await log.runs.end(key(), run.epoch, { event: ended, settleThrough: run.inboxThrough ?? "" });
    expect((await log.inbox.pending(key())).map(({ message }) => message.id)).to.deep.equal([late.id]);
  });

  it("settles what was withdrawn with a word to the thread, and what asked for nothing without", async () => {
    const [entry] = await log.inbox.pending(key());
    const withdrawal = { settleThrough: entry?.inboxId ?? "", user: "U1ADA", after: 0 };
    expect(await log.runs.cancel(key(), withdrawal)).to.equal("cancelled");
    expect(await log.inbox.pending(key())).to.deep.equal([]);
    await log.inbox.accept(thread, aMessage("stop"), undefined);
    const [stop] = await log.inbox.pending(key());
    await log.runs.settle(key(), stop?.inboxId ?? "");
    expect(await log.inbox.pending(key())).to.deep.equal([]);
    expect(await log.typesOf(thread)).to.deep.equal(["accepted", "cancelled", "accepted"]);
  });

  it("withdraws what waits once, and not what a run has taken", async () => {
    const [entry] = await log.inbox.pending(key());
    const withdraw = (after: number) =>
      log.runs.cancel(key(), { settleThrough: entry?.inboxId ?? "", user: "U1ADA", after });
    const run = await log.begin(thread);
    expect(await withdraw(0)).to.equal("superseded");
    expect(await withdraw(run.epoch)).to.equal("superseded");
    const retrying = { event: { ...ended, isRetrying: true }, settleThrough: "0-0" };
    await log.runs.end(key(), run.epoch, retrying);
    const answers = await Promise.all([withdraw(run.epoch), withdraw(run.epoch)]);
    expect(answers.toSorted()).to.deep.equal(["cancelled", "superseded"]);
  });

  it("begins no run for what was withdrawn", async () => {
    const [entry] = await log.inbox.pending(key());
    const inboxThrough = entry?.inboxId ?? "";
    await log.runs.cancel(key(), { settleThrough: inboxThrough, user: "U1ADA", after: 0 });
    const run = { key: key(), person: ADA, branch: "b", inboxAfter: "0-0", inboxThrough, attempt: 1, deadlineAt: 1 };
    expect(await log.runs.begin({ ...run, messageIds: [] }, { after: 0 })).to.equal("superseded");
  });

  it("never takes back that something was dealt with", async () => {
    const [entry] = await log.inbox.pending(key());
    await log.runs.settle(key(), entry?.inboxId ?? "");
    await log.runs.settle(key(), "0-1");
    expect(await log.inbox.pending(key())).to.deep.equal([]);
  });

  it("forgets a mark of a live run that nobody had the time to take off", async () => {
    const run = await log.begin(thread);
    await log.runs.retireEnded({ olderThanMs: -1_000 });
    expect(await log.runs.live()).to.deep.equal([key()]);
    await log.runs.end(key(), run.epoch, { event: ended, settleThrough: "0-0" });
    await log.redis.zadd(`${log.prefix}:live-runs`, run.startedAt, key());
    await log.runs.retireEnded({ olderThanMs: 60_000 });
    expect(await log.runs.live()).to.deep.equal([key()]);
    await log.runs.retireEnded({ olderThanMs: -1_000 });
    expect(await log.runs.live()).to.deep.equal([]);
  });
});

import { sessionKeyOf } from "@peerbot/contracts";
import { expect } from "chai";
import { aMessage, aThread, openSessionLog, type SessionLog } from "./session-log.ts";

describe("a session's events", () => {
  let log: SessionLog;
  beforeEach(async () => {
    log = await openSessionLog();
  });
  afterEach(() => log[Symbol.asyncDispose]());

  it("are numbered from 1 without gaps, whoever writes at the same time", async () => {
    const thread = aThread();
    const key = sessionKeyOf(thread);
    await log.inbox.accept(thread, aMessage(), undefined);
    const { epoch } = await log.begin(thread);
    await Promise.all([
      ...[1, 2, 3].map(() => log.inbox.accept(thread, aMessage(), undefined)),
      ...[1, 2, 3].map((n) => log.events.append(key, epoch, { type: "notice", text: String(n) })),
      log.runs.report(
        key,
        epoch,
        [1, 2, 3].map((n) => ({ n, event: { type: "text", text: String(n) } as const })),
      ),
      log.runs.reportOnce(key, epoch, { type: "model-requested" }),
      log.runs.reportOnce(key, epoch, { type: "model-requested" }),
    ]);
    const events = await log.events.read(key, { afterSeq: 0 });
    expect(events.map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  it("are read on from where a reader was, and trimmed ones never again", async () => {
    const key = sessionKeyOf(aThread());
    for (const text of ["a", "b", "c", "d"]) await log.events.append(key, 0, { type: "notice", text });
    expect((await log.events.read(key, { afterSeq: 1, limit: 2 })).map(({ seq }) => seq)).to.deep.equal([2, 3]);
    await log.events.trim(key, 3);
    expect((await log.events.read(key, { afterSeq: 0 })).map(({ seq }) => seq)).to.deep.equal([4]);
    expect(await log.events.append(key, 0, { type: "notice", text: "e" })).to.equal(5);
  });

  it("keep the place of one that a newer program wrote", async () => {
    const key = sessionKeyOf(aThread());
    await log.events.append(key, 0, { type: "notice", text: "a" });
    const stream = `${log.prefix}:{${key}}:events`;
    await log.redis.xadd(stream, "2-0", "epoch", 0, "at", 1, "event", JSON.stringify({ type: "from-the-future" }));
    expect(await log.events.read(key, { afterSeq: 1 })).to.deep.equal([{ seq: 2, event: undefined }]);
  });

  it("mark their session until it is retired, but not if another came meanwhile", async () => {
    const key = sessionKeyOf(aThread());
    await log.events.append(key, 0, { type: "notice", text: "a" });
    const [active] = await log.events.activeThreads();
    expect(active?.key).to.equal(key);
    await log.events.retire(key, (active?.lastEventAt ?? 0) - 1);
    expect(await log.events.activeThreads()).to.have.length(1);
    await log.events.retire(key, active?.lastEventAt ?? 0);
    expect(await log.events.activeThreads()).to.deep.equal([]);
  });
});

import type { InboxEntry } from "@peerbot/contracts";
import { EndReason } from "@peerbot/contracts";
import { expect } from "chai";
import { decideIntervention } from "../src/launch/decide-intervention.ts";
import { failureOfEnd, isRetriedAfter } from "../src/launch/failure-of-end.ts";

const common = { v: 1, id: "C1:1", user: "U1", ts: "1", receivedAt: 100_000 } as const;
const stop: InboxEntry = { inboxId: "2-0", message: { ...common, kind: "stop" } };
const said: InboxEntry = { inboxId: "3-0", message: { ...common, kind: "said", text: "go on" } };
const live = { epoch: 7, state: "live" } as const;
const calm = { epoch: 7, latest: live, entries: [], finishedSince: undefined, now: 100_000, graceMs: 30_000 };

describe("whether a living worker is to be ended", () => {
  it("is not while it has work to do", () => {
    expect(decideIntervention(calm)).to.deep.equal({ lookAgainAt: Number.POSITIVE_INFINITY });
  });

  it("waits for the grace time and a little more after a Stop", () => {
    const stopped = { ...calm, entries: [stop] };
    expect(decideIntervention(stopped)).to.deep.equal({ lookAgainAt: 135_000 });
    expect(decideIntervention({ ...stopped, now: 134_999 })).to.have.property("lookAgainAt");
    expect(decideIntervention({ ...stopped, now: 135_000 })).to.deep.equal({ end: "stop-ignored" });
  });

  it("leaves it alone when people went on talking after the Stop", () => {
    expect(decideIntervention({ ...calm, entries: [stop, said], now: 999_999 })).to.have.property("lookAgainAt");
  });

  it("ends one that lingers after it told its outcome", () => {
    const finished = { ...calm, latest: { ...live, state: "finished" as const }, finishedSince: 100_000 };
    expect(decideIntervention(finished)).to.deep.equal({ lookAgainAt: 130_000 });
    expect(decideIntervention({ ...finished, now: 130_000 })).to.deep.equal({ end: "lingering" });
  });

  it("ends one whose run is no longer the session's, or that Redis has forgotten", () => {
    expect(decideIntervention({ ...calm, latest: { ...live, epoch: 8 } })).to.deep.equal({ end: "superseded" });
    expect(decideIntervention({ ...calm, latest: undefined })).to.deep.equal({ end: "superseded" });
  });
});

describe("what is told about a worker that left without a word", () => {
  for (const reason of EndReason.options) {
    it(`has a sentence and a next step for ${reason}`, () => {
      const failure = failureOfEnd(reason);
      expect(failure.message).to.match(/^[A-Z].*\.$/);
      expect(failure.hint).to.match(/^[A-Z].*\.$/);
    });
  }

  it("comes after one more try where that may help, and only one", () => {
    expect(isRetriedAfter({ reason: "node-lost" }, 1)).to.equal(true);
    expect(isRetriedAfter({ reason: "node-lost" }, 2)).to.equal(false);
    expect(isRetriedAfter({ reason: "out-of-memory" }, 1)).to.equal(false);
    expect(isRetriedAfter({ reason: "deadline-exceeded" }, 1)).to.equal(false);
  });
});

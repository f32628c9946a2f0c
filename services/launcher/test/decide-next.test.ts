import type { InboxEntry, InboxMessage, RunRecord } from "@peerbot/contracts";
import { SessionKey } from "@peerbot/contracts";
import { expect } from "chai";
import { decideNext } from "../src/launch/decide-next.ts";

const SESSION = { settledThrough: "5-0", retryFrom: "3-0" };

function entry(n: number, kind: Exclude<InboxMessage["kind"], "edited">, user = "U1ADA"): InboxEntry {
  const common = { v: 1 as const, id: `C1:${n}`, user, ts: `${n}`, receivedAt: n * 1_000 };
  return { inboxId: `${n}-0`, message: kind === "said" ? { ...common, kind, text: "do it" } : { ...common, kind } };
}

function aRunRecord(state: RunRecord["state"]): RunRecord {
  return {
    v: 1,
    sessionKey: SessionKey.parse("c1-1700000000000001-abcdef"),
    epoch: 7,
    state,
    attempt: 1,
    person: { team: "T1", id: "U1ADA", name: "Ada" },
    branch: "b",
    inboxAfter: "3-0",
    startedAt: 1,
    deadlineAt: 2,
  };
}

const decide = (pending: InboxEntry[], run?: RunRecord) => decideNext({ session: SESSION, run, pending });

describe("what is to be done for a session", () => {
  it("is nothing when nobody waits for anything", () => {
    expect(decide([])).to.deep.equal({ kind: "nothing" });
    expect(decide([], aRunRecord("ended"))).to.deep.equal({ kind: "nothing" });
  });

  it("is to begin a run for all that was said since the last one, on the first one's account", () => {
    const next = decide([entry(6, "said", "U2BOB"), entry(7, "said")], aRunRecord("ended"));
    expect(next).to.deep.equal({
      kind: "begin",
      work: {
        user: "U2BOB",
        inboxAfter: "5-0",
        inboxThrough: "7-0",
        messageIds: ["C1:6", "C1:7"],
        after: 7,
      },
    });
  });

  it("is to begin from where the failed run began when somebody presses Retry", () => {
    expect(decide([entry(6, "retry")])).to.have.nested.include({
      kind: "begin",
      "work.inboxAfter": "3-0",
      "work.after": 0,
    });
    expect(decide([entry(6, "continue")])).to.have.nested.include({ kind: "begin", "work.inboxAfter": "5-0" });
  });

  for (const state of ["live", "finished"] as const) {
    it(`is to meet the run that is ${state} and whose end nobody has seen, whatever waits`, () => {
      const run = aRunRecord(state);
      expect(decide([], run)).to.deep.equal({ kind: "adopt", run });
      expect(decide([entry(6, "said"), entry(7, "stop")], run)).to.deep.equal({ kind: "adopt", run });
    });
  }

  it("is to cancel what was stopped before it began, in the name of who stopped it", () => {
    const next = decide([entry(6, "said"), entry(7, "stop", "U2BOB")]);
    expect(next).to.deep.include({ kind: "cancel", through: "7-0", user: "U2BOB" });
    expect(next).to.have.nested.property("work.user", "U1ADA");
  });

  it("looks at what came after a Stop once the Stop is dealt with", () => {
    const pending = [entry(6, "said"), entry(7, "stop"), entry(8, "said")];
    expect(decide(pending)).to.include({ kind: "cancel", through: "7-0" });
    expect(decide(pending.slice(2)))
      .to.have.nested.property("work.messageIds")
      .that.deep.equals(["C1:8"]);
  });

  it("is to settle a Stop that met nothing", () => {
    expect(decide([entry(6, "stop"), entry(7, "said")])).to.deep.equal({ kind: "settle", through: "6-0" });
  });
});

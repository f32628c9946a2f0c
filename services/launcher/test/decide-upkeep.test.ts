import type { MemberState, WarmMember } from "@peerbot/warm-pool";
import { expect } from "chai";
import { decideUpkeep } from "../src/warm/decide-upkeep.ts";

const NOW = 1_700_000_000_000;
const NOTHING = { retire: [], isLate: false, remove: [] };

function member(name: string, state: MemberState, changes: Partial<WarmMember> = {}): WarmMember {
  return { name, state, generation: "now", at: NOW - 1_000, ...changes };
}

const decide = (members: WarmMember[], size = 2) =>
  decideUpkeep({
    members,
    plan: { generation: "now", size },
    now: NOW,
    startPatienceMs: 60_000,
    maxAgeMs: 600_000,
  });

describe("What is done about the pool", () => {
  it("is nothing while there are no more than there should be", () => {
    expect(decide([])).to.deep.equal(NOTHING);
    expect(decide([member("a", "starting"), member("b", "ready")])).to.deep.equal(NOTHING);
  });

  it("does not concern those that have a run", () => {
    expect(decide([member("a", "offered"), member("b", "taken")], 0)).to.deep.equal(NOTHING);
  });

  it("is to remove those that leave", () => {
    expect(decide([member("a", "leaving"), member("b", "ready")])).to.deep.equal({ ...NOTHING, remove: ["a"] });
  });

  it("is to let go of those of another generation, unless they have a run", () => {
    const older = { generation: "before" };
    const members = [member("a", "ready", older), member("b", "starting", older), member("c", "taken", older)];
    expect(decide(members)).to.deep.equal({ ...NOTHING, retire: ["a", "b"] });
  });

  it("is to let go of one that does not arrive", () => {
    const members = [member("a", "starting", { at: NOW - 61_000 }), member("b", "ready", { at: NOW - 61_000 })];
    expect(decide(members)).to.deep.equal({ ...NOTHING, retire: ["a"], isLate: true });
  });

  it("is to replace those that grew old one at a time", () => {
    const old = { at: NOW - 601_000 };
    expect(decide([member("a", "ready", old), member("b", "ready", old)])).to.deep.include({ retire: ["a"] });
    const renewing = [member("b", "ready", old), member("c", "starting")];
    expect(decide(renewing)).to.deep.equal(NOTHING);
    const leaving = [member("a", "leaving", old), member("b", "ready", old)];
    expect(decide(leaving)).to.deep.equal({ ...NOTHING, remove: ["a"] });
  });

  it("is to let go of the oldest when there are too many, and of all when none is wanted", () => {
    const members = [member("a", "ready", { at: NOW - 3_000 }), member("b", "ready"), member("c", "starting")];
    expect(decide(members)).to.deep.equal({ ...NOTHING, retire: ["a"] });
    expect(decide(members, 0).retire.toSorted()).to.deep.equal(["a", "b", "c"]);
  });
});

import { expect } from "chai";
import { branchOf, runNameOf, SessionKey, sessionKeyOf } from "../src/index.ts";

const THREAD = { team: "T0HOME", channel: "C0GENERAL1", threadTs: "1700000000.000001" };
const NOW_SECONDS = 1_800_000_000;

describe("a session's key", () => {
  it("is the same for a thread for ever: repositories and buckets hold names made of it", () => {
    expect(sessionKeyOf(THREAD)).to.equal("c0general1-1700000000000001-e6lmjv");
    expect(branchOf(sessionKeyOf(THREAD))).to.equal("claude/session-c0general1-1700000000000001-e6lmjv");
  });

  it("differs when workspace, channel or thread does", () => {
    const others = [{ team: "T1HOME" }, { channel: "C0GENERAL2" }, { threadTs: "1700000000.000002" }];
    const keys = [THREAD, ...others.map((change) => ({ ...THREAD, ...change }))].map(sessionKeyOf);
    expect(new Set(keys).size).to.equal(4);
  });

  it("is refused when it could leave its place in a path, a branch or a Redis key", () => {
    const key: string = sessionKeyOf(THREAD);
    expect(SessionKey.safeParse(key).success).to.equal(true);
    for (const text of ["", `../${key}`, `${key}/..`, `${key}}`, `${key}\n`, key.toUpperCase(), `${key}a`]) {
      expect(SessionKey.safeParse(text).success, JSON.stringify(text)).to.equal(false);
    }
  });

  it("gives its workers valid Kubernetes names, however long Slack's ids are", () => {
    const longest = sessionKeyOf({ team: "T", channel: "C".repeat(20), threadTs: "12345678901234.567890" });
    for (const key of [sessionKeyOf(THREAD), longest]) {
      const name = runNameOf(key, NOW_SECONDS);
      expect(name).to.match(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      expect(name.length).to.be.at.most(63);
    }
  });

  it("gives each run of a session a name of its own", () => {
    const key = sessionKeyOf(THREAD);
    expect(runNameOf(key, NOW_SECONDS)).to.not.equal(runNameOf(key, NOW_SECONDS + 1));
  });
});

import { type RunTokenClaims, SessionKey } from "@peerbot/contracts";
import { createLogger } from "@peerbot/runtime";
import type { SessionActivity } from "@peerbot/session-log";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { createBusinessEvents } from "../src/business-events.ts";
import { fenceWatch } from "../src/fence-watch.ts";

const claims: RunTokenClaims = { kind: "run", sessionKey: SessionKey.parse("c1-1700000000000000-abcdef"), epoch: 7 };
const log = createBusinessEvents(createLogger({ service: "gateway", level: "silent" }));

/** News of the session every few milliseconds. */
const activity: SessionActivity = {
  listen: () => () => {},
  next: () => new Promise((resolve) => setTimeout(resolve, 2)),
  [Symbol.asyncDispose]: async () => {},
};

describe("the fence watch", () => {
  it("does not cut a stream because Redis cannot be asked, and cuts it once the run is over", async () => {
    const answers: (() => "live" | "fenced")[] = [];
    let looks = 0;
    const runs = {
      async check() {
        looks += 1;
        const answer = answers[0];
        if (answer === undefined) throw new Error("Redis is away");
        return answer();
      },
    };
    const over = new AbortController();
    const cut = fenceWatch({ runs, activity, log }, claims, { until: over.signal, route: "/r" });
    await until(() => looks > 3, { what: "several looks" });
    expect(cut.aborted).to.equal(false);
    answers.push(() => "fenced");
    await until(() => cut.aborted, { what: "the cut" });
    expect(cut.reason).to.have.property("code", "fenced");
  });

  it("stops looking when the stream is over", async () => {
    let looks = 0;
    const runs = {
      async check() {
        looks += 1;
        return "live" as const;
      },
    };
    const over = new AbortController();
    fenceWatch({ runs, activity, log }, claims, { until: over.signal, route: "/r" });
    await until(() => looks > 3, { what: "several looks" });
    over.abort();
    await activity.next("events", claims.sessionKey, { timeoutMs: 2 });
    const looksThen = looks;
    for (let wait = 0; wait < 5; wait += 1) await activity.next("events", claims.sessionKey, { timeoutMs: 2 });
    expect(looks).to.equal(looksThen);
  });
});

import { FAULT_POINTS } from "@peerbot/runtime";
import { expect } from "chai";
import { choosePoint } from "../chaos/choose-point.ts";
import { missedCoverage } from "../chaos/coverage.ts";
import { planChaos, VICTIMS, WEIGHTS } from "../chaos/plan-chaos.ts";
import { createRandom } from "../chaos/random.ts";

describe("the plan of a chaos run", () => {
  it("is the same for the same seed and another for another", () => {
    const request = { sessions: 20, seed: 7, faults: 100 };
    expect(planChaos(request)).to.deep.equal(planChaos(request));
    expect(planChaos({ ...request, seed: 8 })).not.to.deep.equal(planChaos(request));
  });

  it("has every kind of deed and of fault in it", () => {
    const { sessions, faults } = planChaos({ sessions: 200, seed: 1, faults: 500 });
    const deeds = new Set(sessions.flatMap(({ steps }) => steps.map((step) => step.do)));
    expect([...deeds]).to.have.members(["say", "edit", "stop", "refuse"]);
    const kinds = new Set(faults.map(({ fault }) => fault.kind));
    expect([...kinds]).to.have.members(Object.keys(WEIGHTS));
    const victims = new Set(faults.flatMap(({ fault }) => ("victim" in fault ? [fault.victim] : [])));
    expect([...victims]).to.have.members([...VICTIMS]);
    const deliveries = sessions.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.do === "say" ? [step.delivery] : [])),
    );
    expect(deliveries.some(({ duplicates, delayMs }) => duplicates > 0 && delayMs > 0)).to.equal(true);
    expect(deliveries.some(({ duplicates, duplicateDelayMs }) => duplicates > 0 && duplicateDelayMs > 0)).to.equal(
      true,
    );
    const failing = new Set(
      faults.flatMap(({ fault }) =>
        fault.kind === "stand-in" ? [`${fault.inject.standIn} ${fault.inject.kind}`] : [],
      ),
    );
    for (const standIn of ["slack", "github", "claude", "gcs"]) {
      for (const kind of ["429", "500", "timeout"]) expect([...failing]).to.include(`${standIn} ${kind}`);
    }
  });

  it("begins each session with something said, and marks each request for itself", () => {
    const { sessions } = planChaos({ sessions: 300, seed: 5, faults: 0 });
    const markers = sessions.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.do === "say" || step.do === "edit" ? [step.marker] : [])),
    );
    expect(new Set(markers).size).to.equal(markers.length);
    for (const { steps } of sessions) expect(steps.find((step) => step.do !== "refuse")?.do).to.equal("say");
  });
});

describe("random choices", () => {
  it("stay within their bounds and reach them", () => {
    const random = createRandom(42);
    const numbers = Array.from({ length: 500 }, () => random.between(2, 4));
    expect(new Set(numbers)).to.deep.equal(new Set([2, 3, 4]));
  });

  it("come as often as their weights say", () => {
    const random = createRandom(7);
    const names = Array.from({ length: 1_000 }, () => random.weighted({ often: 9, seldom: 1, never: 0 }));
    expect(names.filter((name) => name === "seldom").length).to.be.within(50, 200);
    expect(names).to.not.include("never");
  });
});

describe("the next named point to be armed", () => {
  const hits = new Map<string, number>(FAULT_POINTS.map(({ name }) => [name, 3]));

  it("is one of those that struck least often", () => {
    hits.set("ingress.before-ack", 1).set("worker.after-save", 1);
    const chosen = [0, 1, 2, 3].map((choice) => choosePoint({ hits, armed: new Set(), choice }));
    expect(new Set(chosen)).to.deep.equal(new Set(["ingress.before-ack", "worker.after-save"]));
  });

  it("is none that waits already", () => {
    hits.set("ingress.before-ack", 1).set("worker.after-save", 2);
    const armed = new Set(["ingress.before-ack"]);
    expect(choosePoint({ hits, armed, choice: 9 })).to.equal("worker.after-save");
    expect(choosePoint({ hits, armed, choice: 9, points: ["ingress.before-ack"] })).to.equal(undefined);
  });
});

describe("the coverage of a chaos run", () => {
  const tried = {
    faultCounts: new Map([["kill redis", 10]]),
    hits: new Map([
      ["ingress.before-ack", 5],
      ["worker.after-save", 4],
    ]),
    unmet: 2,
  };

  it("lacks nothing when enough was tried", () => {
    expect(missedCoverage(tried, { faults: 17, strikes: 4 })).to.deep.equal([]);
  });

  it("says what was tried too seldom", () => {
    expect(missedCoverage(tried, { faults: 18, strikes: 5 })).to.deep.equal([
      "17 faults were injected, not 18",
      "worker.after-save struck 4 times, not 5",
    ]);
  });
});

import { FAULT_POINTS } from "@peerbot/runtime";
import { expect } from "chai";
import { planChaos } from "../chaos/plan-chaos.ts";
import { createRandom } from "../chaos/random.ts";

describe("the plan of a chaos run", () => {
  it("is the same for the same seed and another for another", () => {
    const request = { sessions: 20, seed: 7, faults: 100 };
    expect(planChaos(request)).to.deep.equal(planChaos(request));
    expect(planChaos({ ...request, seed: 8 })).not.to.deep.equal(planChaos(request));
  });

  it("arms every named point once before any a second time", () => {
    const { faults } = planChaos({ sessions: 1, seed: 3, faults: 1_000 });
    const points = faults.flatMap(({ fault }) => (fault.kind === "point" ? [fault.point] : []));
    const counts = FAULT_POINTS.map(({ name }) => points.filter((point) => point === name).length);
    expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
    expect(Math.min(...counts)).to.be.at.least(5);
  });

  it("has every kind of deed and of fault in it", () => {
    const { sessions, faults } = planChaos({ sessions: 200, seed: 1, faults: 500 });
    const deeds = new Set(sessions.flatMap(({ steps }) => steps.map((step) => step.do)));
    expect([...deeds]).to.have.members(["say", "edit", "stop", "refuse"]);
    const kinds = new Set(faults.map(({ fault }) => fault.kind));
    expect([...kinds]).to.have.members(["kill", "kill-worker", "kill-redis", "point", "stand-in"]);
    const failing = new Set(faults.flatMap(({ fault }) => (fault.kind === "stand-in" ? [fault.inject.standIn] : [])));
    expect([...failing]).to.have.members(["slack", "github", "claude", "gcs"]);
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
    expect(random.shuffle([1, 2, 3, 4])).to.have.members([1, 2, 3, 4]);
  });
});

import type { SessionEvent } from "@peerbot/contracts";
import { expect } from "chai";
import { applyEvent } from "../src/view/apply-event.ts";
import { rowsOf, titleOf } from "../src/view/rows.ts";
import { EMPTY_VIEW, type Round, ThreadView } from "../src/view/thread-view.ts";
import { accepted, EPOCH, finished, started, stored, viewOf } from "./events.ts";

describe("what a thread has to show", () => {
  it("begins a round with a message, and takes what comes while it is open for replies", () => {
    const view = viewOf(accepted(), started(), accepted({ messageId: "C1:2", ts: "1700000009.000000" }));
    expect(view.rounds.length).to.equal(1);
    expect(view.rounds[0]).to.include({
      id: 1,
      user: "U1",
      state: "running",
      epoch: EPOCH,
      lastSaidTs: "1700000009.000000",
    });
    expect(view.replies).to.deep.equal([{ id: "C1:2", ts: "1700000009.000000", isTaken: false }]);
  });

  it("shows what was asked for, then what the run was given", () => {
    const asked = viewOf(accepted({ options: { size: "large" } }), accepted({ options: { docker: true } }));
    expect(asked.rounds[0]?.options).to.deep.equal({ size: "large", docker: true });
    const given = viewOf(accepted({ options: { size: "large" } }), { ...started(), options: { size: "small" } });
    expect(given.rounds[0]?.options).to.deep.equal({ size: "small" });
  });

  it("says that a run which lives stays what it is", () => {
    const run = [accepted(), { ...started(), options: { size: "small" } }] as const;
    const view = viewOf(...run, accepted({ options: { size: "large", docker: false } }));
    expect(view.rounds[0]?.options).to.deep.equal({ size: "small" });
    expect(view.rounds[0]?.steps.map(({ title }) => title)).to.deep.equal(["From the next run on: size=large"]);
    expect(viewOf(...run, accepted({ options: { size: "small" } })).rounds[0]?.steps).to.deep.equal([]);
  });

  it("begins no round with a Stop, and marks the open one as stopping", () => {
    expect(viewOf(accepted({ kind: "stop" })).rounds).to.deep.equal([]);
    expect(viewOf(accepted(), accepted({ kind: "stop" })).rounds[0]?.isStopping).to.equal(true);
  });

  it("begins a new round after the end, also when only the run is heard of", () => {
    expect(viewOf(accepted(), started(), finished(), accepted({ kind: "retry" })).rounds[1]).to.include({
      id: 4,
      because: "retry",
    });
    expect(viewOf(started(), finished()).rounds[0]?.ending?.outcome).to.equal("completed");
  });

  it("changes nothing when an event comes again, and can be stored at any point", () => {
    const events = stored([
      accepted(),
      started(),
      { type: "text", text: "one [li" },
      { type: "text", text: "nk](x)" },
      finished(),
    ]);
    let view: ThreadView = EMPTY_VIEW;
    for (const event of events) {
      view = ThreadView.parse(JSON.parse(JSON.stringify(applyEvent(view, event))));
      expect(applyEvent(view, event)).to.equal(view);
    }
    expect(view.rounds[0]?.body).to.equal("one link (x)");
  });

  it("lets a run that is told to its end, or was overtaken, add nothing", () => {
    const view = viewOf(accepted(), started(), finished());
    const late = { v: 1, seq: 4, epoch: EPOCH, at: 0, event: { type: "text", text: "more" } } as const;
    expect(applyEvent(view, late)).to.deep.equal({ ...view, seq: 4 });
    const ended = { ...late, event: { type: "run-ended", reason: "crashed", isRetrying: false } } as const;
    expect(applyEvent(view, ended).rounds.length).to.equal(1);
  });

  it("keeps the round open while a run is tried again, and marks the break in the answer", () => {
    const view = viewOf(
      accepted(),
      started(),
      { type: "step", id: "a", title: "Build", status: "in_progress" },
      { type: "text", text: "half a sentence" },
      { type: "run-ended", reason: "evicted", isRetrying: true },
      started(2),
      { type: "text", text: "whole." },
    );
    expect(view.rounds[0]?.body).to.equal("half a sentence\n\n_The run broke off here and was tried again._\n\n");
    expect(view.rounds[0]?.steps[0]?.status).to.equal("error");
    expect(view.rounds[0]?.state).to.equal("running");
  });

  it("says what a further turn of the run answers in a paragraph of its own, outside of a code block left open", () => {
    const working: SessionEvent = { type: "phase", phase: "working" };
    const say = (text: string): SessionEvent => ({ type: "text", text });
    const bodyAfter = (text: string) =>
      viewOf(accepted(), started(), working, say(text), working, say("Next.\n")).rounds[0]?.body;
    expect(bodyAfter("It is do")).to.equal("It is do\n\nNext.\n");
    expect(bodyAfter("Done.\n")).to.equal("Done.\n\nNext.\n");
    expect(bodyAfter("Done.\n\n")).to.equal("Done.\n\nNext.\n");
    expect(bodyAfter("```ts\nlet a")).to.equal("```ts\nlet a\n```\n\nNext.\n");
  });

  it("tells a run that a person stopped as stopped, however its worker left", () => {
    const failure = { code: "stopped-unsaved", message: "…" };
    const view = viewOf(accepted(), started(), { type: "run-ended", reason: "deleted", isRetrying: false, failure });
    expect(view.rounds[0]?.ending).to.deep.include({ outcome: "stopped", failure });
  });

  it("withdraws what waits", () => {
    const view = viewOf(
      accepted(),
      { type: "waiting", reason: "capacity", position: 3 },
      { type: "cancelled", user: "U1" },
    );
    expect(view.rounds[0]).to.deep.include({ state: "ended", waiting: { reason: "capacity", position: 3 } });
    expect(view.rounds[0]?.ending?.outcome).to.equal("cancelled");
    expect(viewOf({ type: "cancelled", user: "U1" }).rounds).to.deep.equal([]);
  });
});

describe("the plan's rows", () => {
  const roundAfter = (...events: Parameters<typeof viewOf>): Round => {
    const [round] = viewOf(accepted(), started(), ...events).rounds;
    if (round === undefined) throw new Error("there is no round");
    return round;
  };
  const all = { first: 0, end: null, carried: [] };

  it("show getting ready and delivering as one row each, whatever happens in between", () => {
    const round = roundAfter(
      { type: "phase", phase: "preparing" },
      { type: "phase", phase: "cloning" },
      { type: "phase", phase: "working" },
      { type: "phase", phase: "committing" },
      { type: "phase", phase: "pushing" },
      { type: "phase", phase: "opening-pull-request" },
    );
    expect(titleOf(round)).to.equal("Opening the pull request");
    expect(rowsOf(round, all).map(({ title, status }) => `${status} ${title}`)).to.deep.equal([
      "complete Workspace ready",
      "in_progress Opening the pull request",
    ]);
  });

  it("show the latest remark only, unless something happened between two", () => {
    const round = roundAfter(
      { type: "notice", text: "The model is busy, trying again in 2 s" },
      { type: "notice", text: "The model is busy, trying again in 4 s" },
      { type: "step", id: "a", title: "Read", status: "complete" },
      { type: "notice", text: "The branch could not be pushed" },
    );
    expect(rowsOf(round, all).map(({ title }) => title)).to.deep.equal([
      "The model is busy, trying again in 4 s",
      "Read",
      "The branch could not be pushed",
    ]);
  });

  it("leave no row in progress when the round is over", () => {
    const statusAfter = (outcome: "completed" | "failed" | "stopped") =>
      rowsOf(roundAfter({ type: "step", id: "a", title: "Read", status: "in_progress" }, finished({ outcome })), all)[0]
        ?.status;
    expect(statusAfter("completed")).to.equal("complete");
    expect(statusAfter("failed")).to.equal("error");
    expect(statusAfter("stopped")).to.equal("pending");
  });
});

import type { SessionEvent } from "@peerbot/contracts";
import { expect } from "chai";
import { confirm } from "../src/plan/confirm.ts";
import type { Operation } from "../src/plan/operation.ts";
import { type PlanContext, planThread } from "../src/plan/plan-thread.ts";
import { doubt, intend } from "../src/plan/record.ts";
import { refuse } from "../src/plan/refuse.ts";
import { NOTHING_SENT, type SentThread } from "../src/plan/sent-thread.ts";
import { applyEvent } from "../src/view/apply-event.ts";
import type { ThreadView } from "../src/view/thread-view.ts";
import { accepted, EPOCH, finished, started, viewOf } from "./events.ts";

const CONTEXT: PlanContext = {
  sessionKey: "c1-1700000000000100-abcdef",
  now: 1_700_000_100_000,
  streamLifetimeMs: 240_000,
  progressIntervalMs: 0,
  canStream: true,
  canSetStatus: true,
};

type Answer = (operation: Operation) => string | "ok";

/** Carries plans out without Slack until nothing is left to do; gives what was done in order. */
function carryOut(view: ThreadView, from: SentThread = NOTHING_SENT, answer: Answer = () => "ok", context = CONTEXT) {
  const done: Operation[] = [];
  const priorities: string[] = [];
  let sent = from;
  for (let step = 0; step < 500; step += 1) {
    const next = planThread(view, sent, context);
    if (next.kind !== "do") return { done, priorities, sent, last: next.kind };
    const { operation } = next;
    done.push(operation);
    priorities.push(next.priority);
    const roundId = view.rounds[0]?.id ?? 0;
    const record = { roundId, intent: `intent-${step}`, afterTs: "", now: context.now, settledAt: 0 };
    sent = intend(sent, operation, record);
    const code = answer(operation);
    if (code === "ok") {
      sent = confirm(sent, operation, { roundId, now: context.now, ts: `${1_700_000_200 + step}.000000` });
      continue;
    }
    const refusal = refuse(sent, operation, code, roundId);
    if (refusal.kind === "give-up") return { done, priorities, sent, last: "given-up" };
    sent = refusal.sent;
  }
  throw new Error(`the plan never ends: ${JSON.stringify(done.slice(-4))}`);
}

const kindsOf = (done: readonly Operation[]) =>
  done.map((operation) =>
    "part" in operation && typeof operation.part === "string" ? `${operation.kind} ${operation.part}` : operation.kind,
  );

const TALK: SessionEvent[] = [
  accepted(),
  started(),
  { type: "phase", phase: "working" },
  { type: "step", id: "a", title: "Read", status: "in_progress" },
  { type: "text", text: "All is well. " },
];

describe("the plan for a thread", () => {
  it("answers first, then shows what goes on, then waits", () => {
    const { done, last } = carryOut(viewOf(...TALK));
    expect(kindsOf(done)).to.deep.equal(["post opening", "status", "start", "append"]);
    expect(last).to.equal("wait");
  });

  it("completes the answer, then tells the end, and tidies up only after that", () => {
    const { sent } = carryOut(viewOf(...TALK));
    const { done, last } = carryOut(viewOf(...TALK, { type: "text", text: "Really." }, finished()), sent);
    expect(kindsOf(done)).to.deep.equal(["append", "post closing", "edit opening", "stop"]);
    expect(last).to.equal("delivered");
  });

  it("takes the eyes off a reply that a failed run left, and gives it its mark when a later one takes it", () => {
    const signs = (done: readonly Operation[]) =>
      done.flatMap((each) => (each.kind === "react" ? [`${each.isRemoval ? "-" : "+"}${each.name}`] : []));
    const reply = accepted({ messageId: "C1:2", ts: "1700000009.000000" });
    const asked = carryOut(viewOf(...TALK, reply));
    expect(signs(asked.done)).to.deep.equal(["+eyes"]);
    const story: SessionEvent[] = [...TALK, reply, { type: "run-ended", reason: "crashed", isRetrying: false }];
    const failed = carryOut(viewOf(...story), asked.sent);
    expect(signs(failed.done)).to.deep.equal(["-eyes"]);
    expect(failed.last).to.equal("delivered");
    const event: SessionEvent = { type: "messages-taken", ids: ["C1:2"] };
    const later = applyEvent(viewOf(...story), { v: 1, seq: 99, epoch: EPOCH + 1, at: CONTEXT.now, event });
    const taken = carryOut(later, failed.sent);
    expect(signs(taken.done)).to.deep.equal(["+white_check_mark", "-eyes"]);
    expect(signs(carryOut(viewOf(...story)).done)).to.deep.equal([]);
  });

  it("posts what is complete already instead of streaming it", () => {
    const { done } = carryOut(viewOf(...TALK, finished()));
    expect(kindsOf(done)).to.deep.equal(["post opening", "post-progress", "post closing", "status"]);
  });

  it("makes an end more important than the progress of other threads, and tidying up less", () => {
    const open = carryOut(viewOf(...TALK));
    expect(open.priorities).to.deep.equal(["prompt", "prompt", "progress", "progress"]);
    const ended = carryOut(viewOf(...TALK, { type: "text", text: "Really." }, finished()), open.sent);
    expect(ended.priorities).to.deep.equal(["terminal", "terminal", "progress", "progress"]);
  });

  it("asks before it acts when a message is in doubt", () => {
    const view = viewOf(...TALK);
    const intended = intend(
      NOTHING_SENT,
      { kind: "post", part: "opening", message: { text: "", blocks: [] }, shown: "" },
      { roundId: 1, intent: "x", afterTs: "", now: 0, settledAt: CONTEXT.now },
    );
    expect(planThread(view, intended, CONTEXT)).to.deep.include({ operation: { kind: "find", part: "opening" } });
  });

  it("looks for a message in doubt only when it cannot come any more", () => {
    const settledAt = CONTEXT.now + 15_000;
    const [view, message] = [viewOf(...TALK), { text: "", blocks: [] }];
    const post: Operation = { kind: "post", part: "opening", message, shown: "" };
    const intended = intend(NOTHING_SENT, post, { roundId: 1, intent: "x", afterTs: "", now: 0, settledAt });
    expect(planThread(view, intended, CONTEXT)).to.deep.equal({ kind: "wait", at: settledAt });
    const answered = doubt(intended, post, CONTEXT.now);
    expect(planThread(view, answered, CONTEXT)).to.deep.include({ operation: { kind: "find", part: "opening" } });
  });

  it("repairs a message whose addition is in doubt by editing it whole", () => {
    const { sent } = carryOut(viewOf(...TALK));
    const view = viewOf(...TALK, { type: "text", text: "More. " });
    const next = planThread(view, sent, CONTEXT);
    if (next.kind !== "do") throw new Error("there is something to do");
    const doubtful = intend(sent, next.operation, { roundId: 1, intent: "x", afterTs: "", now: 0, settledAt: 0 });
    const { done } = carryOut(view, doubtful);
    expect(kindsOf(done)).to.deep.equal(["unstream", "edit-progress"]);
    expect(JSON.stringify(done[1])).to.contain("All is well. More. ");
  });

  it("says when a stream has to be ended, and ends it then", () => {
    const { sent } = carryOut(viewOf(...TALK));
    const view = viewOf(...TALK);
    expect(planThread(view, sent, CONTEXT)).to.deep.equal({ kind: "wait", at: CONTEXT.now + 240_000 });
    const later = carryOut(view, sent, () => "ok", { ...CONTEXT, now: CONTEXT.now + 240_000 });
    expect(kindsOf(later.done)).to.deep.equal(["append", "stop"]);
  });

  it("shows progress no more often than a reader can follow", () => {
    const { sent } = carryOut(viewOf(...TALK));
    const context = { ...CONTEXT, progressIntervalMs: 800 };
    const more = viewOf(...TALK, { type: "text", text: "More. " });
    expect(planThread(more, sent, context)).to.deep.equal({ kind: "wait", at: CONTEXT.now + 800 });
  });

  it("goes on without what Slack refuses", () => {
    const refusing =
      (kind: Operation["kind"], code: string): Answer =>
      (operation) =>
        operation.kind === kind ? code : "ok";
    expect(kindsOf(carryOut(viewOf(...TALK), NOTHING_SENT, refusing("start", "missing_scope")).done)).to.deep.equal([
      "post opening",
      "status",
      "start",
      "post-progress",
    ]);
    expect(carryOut(viewOf(...TALK), NOTHING_SENT, refusing("status", "unknown_method")).last).to.equal("wait");
    expect(
      kindsOf(carryOut(viewOf(...TALK, finished()), NOTHING_SENT, refusing("post-progress", "no_text")).done),
    ).to.deep.equal(["post opening", "post-progress", "post-progress", "post closing", "status"]);
    expect(carryOut(viewOf(...TALK), NOTHING_SENT, refusing("post", "is_archived")).last).to.equal("given-up");
  });

  it("comes to an end whatever Slack refuses", () => {
    const codes = [
      "invalid_blocks",
      "msg_too_long",
      "message_not_found",
      "message_not_in_streaming_state",
      "odd",
      "missing_scope",
    ];
    const text = "A line with words.\n".repeat(900);
    const view = viewOf(...TALK, { type: "text", text }, accepted({ messageId: "C1:9", ts: "9" }), finished());
    const random = seeded(20_261_122);
    for (let round = 0; round < 60; round += 1) {
      const unlucky: Answer = () => (random() < 0.4 ? (codes[Math.floor(random() * codes.length)] ?? "odd") : "ok");
      expect(["delivered", "given-up"]).to.include(carryOut(view, NOTHING_SENT, unlucky).last);
      const half = carryOut(viewOf(...TALK, { type: "text", text }), NOTHING_SENT, unlucky);
      if (half.last === "wait") expect(["delivered", "given-up"]).to.include(carryOut(view, half.sent, unlucky).last);
    }
  });
});

/** A small generator of numbers from 0 to 1 that gives the same each time (Park and Miller). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

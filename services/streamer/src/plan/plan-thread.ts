import type { PacePriority } from "@peerbot/slack";
import { closingOf, openingOf } from "../view/messages.ts";
import type { Reply, Round, ThreadView } from "../view/thread-view.ts";
import type { Next, Operation, PartName } from "./operation.ts";
import { type ProgressContext, planProgress, streamEndOf } from "./plan-progress.ts";
import { type Post, type SentRound, type SentThread, sentRoundOf } from "./sent-thread.ts";
import { signatureOf } from "./signature.ts";

export interface PlanContext extends ProgressContext {
  sessionKey: string;
  progressIntervalMs: number;
  canSetStatus: boolean;
}

/** The next call of Slack that brings a thread nearer to its view. Decides only; asking again gives the same. */
export function planThread(view: ThreadView, sent: SentThread, context: PlanContext): Next {
  const round = view.rounds[0];
  if (round === undefined) return planReplies(view.replies, sent) ?? { kind: "wait", at: undefined };
  const told = sentRoundOf(sent, round.id);
  const doubt = partInDoubt(told);
  if (doubt !== undefined) {
    const { settledAt = 0 } = postOf(told, doubt) ?? {};
    if (context.now < settledAt) return { kind: "wait", at: settledAt };
    return act({ kind: "find", part: doubt }, round.ending === undefined ? "prompt" : "terminal");
  }
  return round.ending === undefined
    ? planOpenRound(round, told, view, sent, context)
    : planEndedRound(round, told, view, sent, context);
}

/** First what people wait for, then the progress. */
function planOpenRound(round: Round, told: SentRound, view: ThreadView, sent: SentThread, context: PlanContext): Next {
  const opening = planOpening(round, told, context);
  if (opening !== undefined) return act(opening, "prompt");
  const reply = planReplies(view.replies, sent);
  if (reply !== undefined) return reply;
  if (context.canSetStatus && told.sessionStatus !== "processing")
    return act({ kind: "status", status: "processing" }, "prompt");
  const progress = planProgress(round, told, context);
  if (progress === undefined) return { kind: "wait", at: streamEndOf(told, context) };
  const earliest = sent.progressAt + context.progressIntervalMs;
  return context.now < earliest ? { kind: "wait", at: earliest } : act(progress, "progress");
}

/** The whole answer, then how it ended; tidying up comes after that and may take its time. */
function planEndedRound(round: Round, told: SentRound, view: ThreadView, sent: SentThread, context: PlanContext): Next {
  if (told.opening === undefined) return act(planPost("opening", round, context), "terminal");
  const progress = planProgress(round, told, context);
  if (progress !== undefined) return act(progress, "terminal");
  if (told.closing === undefined) return act(planPost("closing", round, context), "terminal");
  const opening = planOpening(round, told, context);
  if (opening !== undefined) return act(opening, "progress");
  const open = told.progress.findIndex(({ state, mode }) => state !== "closed" && mode === "stream");
  if (open >= 0) {
    const seal = { endStep: round.steps.length, left: [] };
    return act({ kind: "stop", index: open, sessionStatus: "active", seal }, "progress");
  }
  if (context.canSetStatus && told.sessionStatus !== "active")
    return act({ kind: "status", status: "active" }, "progress");
  return planReplies(view.replies, sent) ?? { kind: "delivered" };
}

function planOpening(round: Round, told: SentRound, context: PlanContext): Operation | undefined {
  if (told.opening === undefined) return planPost("opening", round, context);
  const message = openingOf(round, context.sessionKey, context.now);
  const shown = signatureOf(message);
  return told.opening.shown === shown ? undefined : { kind: "edit", part: "opening", message, shown };
}

function planPost(part: "opening" | "closing", round: Round, { sessionKey, now }: PlanContext): Operation {
  const message = (part === "closing" ? closingOf(round, sessionKey) : undefined) ?? openingOf(round, sessionKey, now);
  return { kind: "post", part, message, shown: signatureOf(message) };
}

/** A message that may or may not have been posted: Slack is asked before anything else happens. */
export function partInDoubt(told: SentRound): PartName | undefined {
  if (told.opening !== undefined && told.opening.ts === undefined) return "opening";
  const progress = told.progress.findIndex(({ ts }) => ts === undefined);
  if (progress >= 0) return { progress };
  return told.closing !== undefined && told.closing.ts === undefined ? "closing" : undefined;
}

/** What is known of one of the round's messages. */
export function postOf(told: SentRound, part: PartName): Post | undefined {
  return typeof part === "object" ? told.progress[part.progress] : told[part];
}

/** Eyes on a reply as soon as it is here, a check mark once the agent has it; no eyes once nobody looks at it any more. */
function planReplies(replies: readonly Reply[], sent: SentThread): Next | undefined {
  for (const { ts, isTaken, isLetGo = false } of replies) {
    const sign = sent.replies[ts];
    if (!isTaken && isLetGo && sign === "seen") {
      return act({ kind: "react", ts, name: "eyes", isRemoval: true, becomes: "bare" }, "progress");
    }
    if (!isTaken && !isLetGo && sign === undefined) {
      return act({ kind: "react", ts, name: "eyes", isRemoval: false, becomes: "seen" }, "prompt");
    }
    if (isTaken && sign !== "checked" && sign !== "taken") {
      return act({ kind: "react", ts, name: "white_check_mark", isRemoval: false, becomes: "checked" }, "progress");
    }
    if (sign === "checked") {
      return act({ kind: "react", ts, name: "eyes", isRemoval: true, becomes: "taken" }, "progress");
    }
  }
  return undefined;
}

function act(operation: Operation, priority: PacePriority): Next {
  return { kind: "do", operation, priority };
}

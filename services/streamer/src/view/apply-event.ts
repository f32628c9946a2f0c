import { type RunOptions, type SessionEvent, type StoredEvent, writtenOptions } from "@peerbot/contracts";
import { beginMarkdown, closing, endMarkdown, readMarkdown } from "@peerbot/slack";
import { withDeliveryDone, withPhase, withRemark, withStep } from "./steps.ts";
import { type Ending, openRound, type Reply, type Round, type ThreadView } from "./thread-view.ts";

type Of<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

/** What the thread has to show once this event is part of it. An event that was applied before changes nothing. */
export function applyEvent(view: ThreadView, stored: StoredEvent): ThreadView {
  if (stored.seq <= view.seq) return view;
  const next = { ...view, seq: stored.seq };
  // A run that is already told to its end, or was overtaken, has nothing to add.
  if (stored.epoch !== 0 && stored.epoch <= view.doneEpoch) return next;
  return applied(next, stored);
}

function applied(view: ThreadView, stored: StoredEvent): ThreadView {
  const { event, at } = stored;
  switch (event.type) {
    case "accepted":
      return accepted(view, stored, event);
    case "waiting": {
      const { type: _, ...waiting } = event;
      return inRound(view, stored, (round) => ({ ...round, state: "waiting", waiting }));
    }
    case "cancelled":
      return openRound(view) === undefined
        ? view
        : taken(
            inRound(view, stored, (round) => cancelled(round, at)),
            event.messageIds ?? [],
          );
    case "run-started":
      return inRound(view, stored, (round) => started(round, stored.epoch, event));
    case "model-requested":
      return inRound(view, stored, (round) => ({ ...round, modelRequestedAt: round.modelRequestedAt ?? at }));
    case "phase":
      return inRound(view, stored, (round) =>
        withPhase(event.phase === "working" ? withParagraph(round) : round, event.phase),
      );
    case "messages-taken":
      return taken(view, event.ids);
    case "step":
      return inRound(view, stored, (round) => withStep(round, event));
    case "text":
      return inRound(view, stored, (round) => withText(round, event.text));
    case "notice":
      return inRound(view, stored, (round) => withRemark(round, event.text));
    case "finished":
      return inRound(view, stored, (round) => finished(round, event, at));
    case "run-ended":
      return inRound(view, stored, (round) => runEnded(round, event, at));
    default:
      return event satisfies never;
  }
}

/** A message begins a round unless one is open; then it is a reply to it. */
function accepted(view: ThreadView, stored: StoredEvent, event: Of<"accepted">): ThreadView {
  const open = openRound(view);
  if (open === undefined) {
    if (event.kind === "stop") return view;
    const because = event.kind === "edited" ? "said" : event.kind;
    const round = newRound(stored, { user: event.user, because, lastSaidTs: event.ts });
    return { ...view, rounds: [...view.rounds, withAsked(round, event.options)] };
  }
  const round = {
    ...withAsked(open, event.options),
    lastSaidTs: later(open.lastSaidTs, event.ts),
    isStopping: open.isStopping || event.kind === "stop",
  };
  const isReply = event.kind === "said" || event.kind === "edited";
  const replies = isReply ? [...view.replies, { id: event.messageId, ts: event.ts, isTaken: false }] : view.replies;
  return { ...view, rounds: [...view.rounds.slice(0, -1), round], replies };
}

/** A run that lives is what it is: what is asked for then is the next one's. */
function withAsked(round: Round, options: RunOptions | undefined): Round {
  if (options === undefined) return round;
  if (round.state !== "running") return { ...round, options: { ...round.options, ...options } };
  const given = new Set(writtenOptions({ docker: false, ...round.options }));
  const later = writtenOptions(options).filter((option) => !given.has(option));
  return later.length === 0 ? round : withRemark(round, `From the next run on: ${later.join(" ")}`);
}

/** Changes the open round. A run whose beginning is no longer known gets a round all the same: its end must show. */
function inRound(view: ThreadView, stored: StoredEvent, change: (round: Round) => Round): ThreadView {
  const open = openRound(view);
  const user = "user" in stored.event ? stored.event.user : "";
  const round = open ?? newRound(stored, { user, because: "said", lastSaidTs: "" });
  const changed = change(round);
  const doneEpoch = changed.state === "ended" ? Math.max(view.doneEpoch, changed.epoch) : view.doneEpoch;
  const replies = changed.state === "ended" ? view.replies.map(letGo) : view.replies;
  return {
    ...view,
    replies,
    rounds: [...(open === undefined ? view.rounds : view.rounds.slice(0, -1)), changed],
    doneEpoch,
  };
}

function newRound({ seq, at, epoch }: StoredEvent, begin: Pick<Round, "user" | "because" | "lastSaidTs">): Round {
  return {
    ...begin,
    id: seq,
    beganAt: at,
    state: "accepted",
    isStopping: false,
    epoch,
    steps: [],
    body: "",
    reader: beginMarkdown(),
  };
}

function started(round: Round, epoch: number, event: Of<"run-started">): Round {
  const { waiting: _, phase: __, ...rest } = round;
  return {
    ...rest,
    state: "running",
    epoch,
    owner: event.user,
    branch: event.branch,
    user: round.user === "" ? event.user : round.user,
    ...(event.repository === undefined ? {} : { repository: event.repository }),
    ...(event.options === undefined ? {} : { options: event.options }),
  };
}

function letGo(reply: Reply): Reply {
  return reply.isTaken ? reply : { ...reply, isLetGo: true };
}

/** Nobody is left to wait for with these messages. */
function taken(view: ThreadView, ids: readonly string[]): ThreadView {
  const replies = view.replies.map((reply) => (ids.includes(reply.id) ? { ...reply, isTaken: true } : reply));
  return { ...view, replies };
}

/** A run that had begun and was to be tried again when somebody stopped it did not end before it began. */
function cancelled(round: Round, at: number): Round {
  if (round.epoch === 0) return ended(round, { outcome: "cancelled", at });
  const failure = { code: "stopped-unsaved", message: "The run broke off, and was stopped before it was tried again." };
  return ended(round, { outcome: "stopped", at, failure });
}

function withText(round: Round, text: string): Round {
  const { reader, output } = readMarkdown(round.reader, text);
  return { ...round, reader, body: round.body + output };
}

/** The answer as it stands, with nothing held back. */
function withWholeText(round: Round): Round {
  const { output } = endMarkdown(round.reader);
  return { ...round, body: round.body + output, reader: beginMarkdown() };
}

/** A run that goes on with a further turn says something new, wherever the answer before it was stopped. */
function withParagraph(round: Round): Round {
  const whole = withWholeText(round);
  if (whole.body === "") return whole;
  const body = whole.body + closing(whole.body, whole.body.length);
  return { ...whole, body: body.endsWith("\n\n") ? body : `${body}${body.endsWith("\n") ? "\n" : "\n\n"}` };
}

function finished(round: Round, event: Of<"finished">, at: number): Round {
  const { type: _, branch, ...told } = event;
  const delivered = event.outcome === "failed" ? round : withDeliveryDone(round);
  return ended({ ...delivered, branch }, { ...told, at });
}

function runEnded(round: Round, event: Of<"run-ended">, at: number): Round {
  const { reason, failure, isRetrying } = event;
  if (!isRetrying) {
    // A person stopped it; that the worker left without a word does not make it a failure.
    const outcome = failure?.code === "stopped-unsaved" ? "stopped" : "failed";
    return ended(round, { outcome, at, reason, ...(failure === undefined ? {} : { failure }) });
  }
  const broken = round.steps.map((step) =>
    step.status === "in_progress" ? { ...step, status: "error" as const } : step,
  );
  const again = withRemark(withWholeText({ ...round, steps: broken }), "The run broke off and is being tried again");
  // What the next try answers must not continue in the middle of a sentence or of a code block.
  return again.body === "" ? again : { ...again, body: `${again.body}${afterBreak(again.body)}` };
}

function afterBreak(body: string): string {
  return `${closing(body, body.length)}\n\n_The run broke off here and was tried again._\n\n`;
}

function ended(round: Round, ending: Ending): Round {
  const whole = withWholeText(round);
  const body = whole.body + closing(whole.body, whole.body.length);
  return { ...whole, body, state: "ended", ending };
}

function later(a: string, b: string): string {
  return b > a ? b : a;
}

import type { Operation, PartName } from "./operation.ts";
import { type Post, type ProgressPart, type SentRound, type SentThread, sentRoundOf } from "./sent-thread.ts";

export interface RecordContext {
  roundId: number;
  /** A new unique id for a message that is about to be posted. */
  intent: string;
  /** The newest Slack timestamp known in the thread. */
  afterTs: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Milliseconds since 1970: a message that is about to be posted is there by then, whatever becomes of us. */
  settledAt: number;
}

/** What is stored before Slack is asked: whatever happens afterwards, the intention is known. */
export function intend(sent: SentThread, operation: Operation, context: RecordContext): SentThread {
  const { intent, afterTs, now, settledAt } = context;
  const post: Post = { intent, afterTs, settledAt };
  switch (operation.kind) {
    case "post":
      return inRound(sent, context.roundId, (round) => ({ ...round, [operation.part]: post }));
    case "start":
    case "post-progress": {
      const part: ProgressPart = {
        ...post,
        isPlain: operation.kind === "post-progress" && operation.isPlain,
        mode: operation.kind === "start" ? "stream" : "update",
        startedAt: now,
        from: operation.from,
        sent: operation.from,
        pending: null,
        to: null,
        firstStep: operation.firstStep,
        endStep: null,
        carried: operation.carried,
        left: [],
        title: "",
        rows: {},
        state: "open",
        isStreamLeft: false,
      };
      return inRound(sent, context.roundId, (round) => ({ ...round, progress: [...round.progress, part] }));
    }
    case "append":
      return inPart(sent, operation.index, (part) =>
        operation.chunks.some(({ type }) => type === "markdown_text") ? { ...part, pending: operation.to } : part,
      );
    default:
      return sent; // doing it twice does no harm
  }
}

/** Slack said that nothing happened: the intention is taken back. */
export function withdraw(sent: SentThread, operation: Operation): SentThread {
  switch (operation.kind) {
    case "post":
      return forget(sent, operation.part);
    case "start":
    case "post-progress":
      return forget(sent, { progress: (sent.round?.progress.length ?? 0) - 1 });
    case "append":
      return inPart(sent, operation.index, (part) => ({ ...part, pending: null }));
    default:
      return sent;
  }
}

/** It is not known whether Slack did it: a message may be looked for from `settledAt` on. */
export function doubt(sent: SentThread, operation: Operation, settledAt: number): SentThread {
  switch (operation.kind) {
    case "post":
      return inPost(sent, operation.part, (post) => ({ ...post, settledAt }));
    case "start":
    case "post-progress":
      return inPart(sent, (sent.round?.progress.length ?? 0) - 1, (part) => ({ ...part, settledAt }));
    default:
      return sent;
  }
}

/** A message that goes on by being edited instead of streamed; what it shows now is not relied on. */
export function asUpdated(part: ProgressPart): ProgressPart {
  const { shown: _, ...rest } = part;
  return { ...rest, mode: "update", state: "open", pending: null, to: null, endStep: null, left: [] };
}

/** A message that was never posted. */
export function forget(sent: SentThread, part: PartName): SentThread {
  if (sent.round === undefined) return sent;
  const { round } = sent;
  if (typeof part === "object") {
    return { ...sent, round: { ...round, progress: round.progress.filter((_, index) => index !== part.progress) } };
  }
  const { [part]: _, ...rest } = round;
  return { ...sent, round: rest };
}

export function inRound(sent: SentThread, id: number, change: (round: SentRound) => SentRound): SentThread {
  return { ...sent, round: change(sentRoundOf(sent, id)) };
}

export function inPost(sent: SentThread, part: PartName, change: <P extends Post>(post: P) => P): SentThread {
  if (typeof part === "object") return inPart(sent, part.progress, change);
  const post = sent.round?.[part];
  return sent.round === undefined || post === undefined
    ? sent
    : { ...sent, round: { ...sent.round, [part]: change(post) } };
}

export function inPart(sent: SentThread, index: number, change: (part: ProgressPart) => ProgressPart): SentThread {
  if (sent.round === undefined) return sent;
  const progress = sent.round.progress.map((part, at) => (at === index ? change(part) : part));
  return { ...sent, round: { ...sent.round, progress } };
}

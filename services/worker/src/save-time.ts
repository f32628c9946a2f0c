import { AppError } from "@peerbot/runtime/core";

const DEFAULT_MARGIN_MS = 60_000;
/** What must be left of the time for saving: an outcome that is not told leaves nothing to continue from. */
const TELLING_MS = 10_000;
/** What of it the conversation has for itself: the git host may be away while the bucket is not. */
const REMEMBERING_MS = 5_000;

/** When a run begins to save its work, in whole milliseconds from now: a margin before its deadline. */
export function timeUntilSaving({
  now,
  deadlineAt,
  marginSeconds,
}: {
  now: number;
  deadlineAt: number;
  marginSeconds: number | undefined;
}): number {
  const left = Math.max(0, deadlineAt - now);
  const margin = marginSeconds === undefined ? Math.min(DEFAULT_MARGIN_MS, Math.floor(left / 4)) : marginSeconds * 1000;
  return Math.max(0, left - margin);
}

/** How long the work, and after it the conversation, may be tried to save. */
export function sharesOf(leftMs: number): { workMs: number; conversationMs: number } {
  const conversationMs = leftMs - Math.min(TELLING_MS, leftMs / 3);
  return { conversationMs, workMs: conversationMs - Math.min(REMEMBERING_MS, leftMs / 6) };
}

/** Aborted, with an expected failure, when the work or the conversation must be given up for the outcome to be told. */
export function limitSaving({
  saving,
  terminated,
  deadlineAt,
  graceMs,
}: {
  saving: AbortSignal;
  terminated: AbortSignal;
  deadlineAt: number;
  /** How long the worker lives once it is terminated. */
  graceMs: number;
}): { work: AbortSignal; conversation: AbortSignal } {
  const work = new AbortController();
  const conversation = new AbortController();
  const begin = () => {
    const leftMs = Math.min(Math.max(0, deadlineAt - Date.now()), terminated.aborted ? graceMs : Infinity);
    const { workMs, conversationMs } = sharesOf(leftMs);
    setTimeout(() => work.abort(outOfTime()), workMs).unref();
    setTimeout(() => conversation.abort(outOfTime()), conversationMs).unref();
  };
  // Whoever saves before the deadline may be terminated meanwhile.
  for (const signal of [saving, terminated]) {
    if (signal.aborted) begin();
    else signal.addEventListener("abort", begin, { once: true });
  }
  return { work: work.signal, conversation: conversation.signal };
}

function outOfTime(): AppError {
  return new AppError("there was no time left to save it", { code: "out-of-time" });
}

import type { InboxEntry, RunRecord } from "@peerbot/contracts";

/** Why a launcher ends a worker that still lives. */
export type InterventionCause = "stop-ignored" | "superseded" | "lingering";

export interface RunSituation {
  epoch: number;
  /** The session's latest run. */
  latest: Pick<RunRecord, "epoch" | "state"> | undefined;
  /** Inbox entries the run was given or waits to be given, oldest first. */
  entries: readonly InboxEntry[];
  /** Since when the run is known to have told its outcome, milliseconds since 1970. */
  finishedSince: number | undefined;
  now: number;
  /** How long a worker may take to save and leave. */
  graceMs: number;
}

/** On top of the grace time, so that a worker which uses all of it is left alone. */
const MARGIN_MS = 5_000;

/** Whether a living worker is to be ended, or until when (milliseconds since 1970) it may go on at least. */
export function decideIntervention(situation: RunSituation): { end: InterventionCause } | { lookAgainAt: number } {
  const { epoch, latest, entries, finishedSince, now, graceMs } = situation;
  // All it could still do is refused: it would only use up the machine.
  if (latest === undefined || latest.epoch !== epoch) return { end: "superseded" };
  const deadlines: { at: number; cause: InterventionCause }[] = [];
  const stop = unansweredStop(entries);
  if (stop !== undefined) {
    deadlines.push({ at: stop.message.receivedAt + graceMs + MARGIN_MS, cause: "stop-ignored" });
  }
  if (finishedSince !== undefined) deadlines.push({ at: finishedSince + graceMs, cause: "lingering" });
  const next = deadlines.toSorted((a, b) => a.at - b.at)[0];
  if (next === undefined) return { lookAgainAt: Number.POSITIVE_INFINITY };
  return next.at <= now ? { end: next.cause } : { lookAgainAt: next.at };
}

/** The last word, when it is Stop. After a Stop people may go on talking: the worker then works on by right. */
export function unansweredStop(entries: readonly InboxEntry[]): InboxEntry | undefined {
  const last = entries.at(-1);
  return last?.message.kind === "stop" ? last : undefined;
}

import {
  closing,
  markdownPart,
  type PlanRow,
  planChunks,
  progressBlocks,
  progressMarkdown,
  reopening,
} from "@peerbot/slack";
import { leftRows, rowsOf, type StepSpan, titleOf, unfinishedIn } from "../view/rows.ts";
import type { Round } from "../view/thread-view.ts";
import { nextStretch } from "./next-stretch.ts";
import type { Operation, Seal, WholeProgress } from "./operation.ts";
import type { ProgressPart, SentRound } from "./sent-thread.ts";
import { signatureOf } from "./signature.ts";

/** Slack breaks a streamed message somewhere above 10,600 bytes; task details count twice. */
const MESSAGE_BYTES = 9_000;
/** Rows alone may take this much before a further message is begun. */
const MAX_ROW_BYTES = 6_000;
const CONTINUED_TITLE = "Continued below";

export interface ProgressContext {
  /** Milliseconds since 1970. */
  now: number;
  streamLifetimeMs: number;
  canStream: boolean;
}

/** The next call that shows more of the round's plan and answer; `undefined` when all of it is shown. */
export function planProgress(round: Round, sent: SentRound, context: ProgressContext): Operation | undefined {
  if (sent.isProgressRefused) return undefined;
  const index = sent.progress.length - 1;
  const part = sent.progress[index];
  if (part?.state === "full") return { kind: "stop", index, sessionStatus: "processing", seal: null };
  if (part?.state === "open") return planOpenPart(round, part, index, context);
  return needsFurtherPart(round, part) ? planNewPart(round, part, sent, context) : undefined;
}

/** When the current stream has to be ended even if nothing happens, in milliseconds since 1970. */
export function streamEndOf(sent: SentRound, { streamLifetimeMs }: ProgressContext): number | undefined {
  const part = sent.progress.at(-1);
  return part?.state === "open" && part.mode === "stream" ? part.startedAt + streamLifetimeMs : undefined;
}

function needsFurtherPart(round: Round, last: ProgressPart | undefined): boolean {
  if (round.body.length > (last?.to ?? 0) || round.steps.length > (last?.endStep ?? 0)) return true;
  // A step left unfinished above has ended; at the end of the round the closing tells that.
  return round.ending === undefined && (last?.left ?? []).some((step) => round.steps[step]?.status !== "in_progress");
}

function planNewPart(
  round: Round,
  last: ProgressPart | undefined,
  sent: SentRound,
  { canStream }: ProgressContext,
): Operation {
  const from = last?.to ?? 0;
  const firstStep = last?.endStep ?? 0;
  const carried = last?.left ?? [];
  const span = { first: firstStep, end: null, carried };
  const isRefused = !canStream || sent.isStreamRefused;
  // What is complete needs no stream, and streams can be begun at a fifth of the pace of posts.
  if (isRefused || round.ending !== undefined) {
    const isPlain = isRefused || sent.isPlanRefused;
    const { seal, ...whole } = wholeProgress(round, { span, from, sent: from, isPlain });
    return { kind: "post-progress", from, firstStep, carried, isPlain, seal, ...whole };
  }
  // No text in the first call: rows and title may be sent twice without harm, so a lost answer costs nothing.
  const rows = rowsOf(round, span);
  const title = titleOf(round);
  return { kind: "start", from, firstStep, carried, chunks: planChunks(title, rows), ...shownPlan(title, rows) };
}

function planOpenPart(
  round: Round,
  part: ProgressPart,
  index: number,
  context: ProgressContext,
): Operation | undefined {
  if (part.isStreamLeft || part.pending !== null) return { kind: "unstream", index };
  const span = { first: part.firstStep, end: part.endStep, carried: part.carried };
  if (part.mode === "stream") return planAppend(round, part, index, span, context);
  const { seal, ...whole } = wholeProgress(round, { span, from: part.from, sent: part.sent, isPlain: part.isPlain });
  return whole.shown === part.shown && seal === null ? undefined : { kind: "edit-progress", index, seal, ...whole };
}

function planAppend(
  round: Round,
  part: ProgressPart,
  index: number,
  span: StepSpan,
  { now, streamLifetimeMs }: ProgressContext,
): Operation | undefined {
  const current = rowsOf(round, span);
  const { from, sent } = part;
  const isEnd = round.ending !== undefined;
  const { to, isFull } = nextStretch(round.body, { from, sent, budget: budgetFor(round, current, from), isEnd });
  const isOld = now >= part.startedAt + streamLifetimeMs;
  const isLast = isFull || bytesOfRows(current) > MAX_ROW_BYTES || (isOld && !isEnd);
  const rows = isLast && !isEnd ? leftRows(current) : current;
  const title = isLast && !isEnd ? CONTINUED_TITLE : titleOf(round);
  const plan = shownPlan(title, rows);
  const changed = rows.filter(({ id }) => part.rows[id] !== plan.rows[id]);
  const text = `${sent === from && to > from ? reopening(round.body, from) : ""}${round.body.slice(sent, to)}${isLast && to > from ? closing(round.body, to) : ""}`;
  const chunks = [
    ...planChunks(title === part.title ? undefined : title, changed),
    ...(text === "" ? [] : [{ type: "markdown_text" as const, text }]),
  ];
  const seal = isLast ? sealOf(round, span) : null;
  if (chunks.length === 0) {
    return seal === null ? undefined : { kind: "stop", index, sessionStatus: "processing", seal };
  }
  return { kind: "append", index, to, chunks, seal, ...plan };
}

function wholeProgress(
  round: Round,
  { span, from, sent, isPlain }: { span: StepSpan; from: number; sent: number; isPlain: boolean },
): WholeProgress & { seal: Seal | null } {
  const current = rowsOf(round, span);
  const isEnd = round.ending !== undefined;
  const { to, isFull } = nextStretch(round.body, { from, sent, budget: budgetFor(round, current, from), isEnd });
  const isLast = isFull || bytesOfRows(current) > MAX_ROW_BYTES;
  const rows = isLast && !isEnd ? leftRows(current) : current;
  const title = isLast && !isEnd ? CONTINUED_TITLE : titleOf(round);
  const progress = { title, rows, markdown: markdownPart(round.body, from, to).replace(/^\n+/, "") };
  const content = isPlain ? { markdown: progressMarkdown(progress) } : progressBlocks(progress);
  const seal = isLast ? sealOf(round, span) : null;
  return { content, to, shown: signatureOf(content), seal, ...shownPlan(title, rows) };
}

function sealOf(round: Round, span: StepSpan): Seal {
  return { endStep: round.steps.length, left: round.ending === undefined ? unfinishedIn(round, span) : [] };
}

/** UTF-8 bytes that are left for the answer in a message with these rows. */
function budgetFor(round: Round, rows: readonly PlanRow[], from: number): number {
  const fences = Buffer.byteLength(reopening(round.body, from)) + 16;
  return MESSAGE_BYTES - bytesOfRows(rows) - fences - 100;
}

function bytesOfRows(rows: readonly PlanRow[]): number {
  return rows.reduce(
    (sum, { title, details }) => sum + 8 + Buffer.byteLength(title) + 2 * Buffer.byteLength(details ?? ""),
    0,
  );
}

function shownPlan(title: string, rows: readonly PlanRow[]) {
  const signatures = rows.map((row) => [
    row.id,
    `${row.status} ${row.title}${row.details === undefined ? "" : ` ${row.details}`}`,
  ]);
  return { title, rows: Object.fromEntries(signatures) as Record<string, string> };
}

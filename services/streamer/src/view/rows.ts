import { inertLabel, type PlanRow } from "@peerbot/slack";
import { PHASE_TITLES } from "./steps.ts";
import type { Ending, Round, Step } from "./thread-view.ts";

/** Slack breaks a message with about 50 rows, and nobody reads that many: what comes after these shares one row. */
const MAX_OWN_ROWS = 20;
const MAX_TITLE = 80;
/** Slack documents 256 characters. */
const MAX_REMARK = 250;
const MAX_DETAIL = 120;

/** Which of the round's steps one message shows: those from `first`, before `end`, and some begun earlier. */
export interface StepSpan {
  first: number;
  /** Null while the message is the current one. */
  end: number | null;
  carried: readonly number[];
}

interface NumberedStep {
  step: Step;
  index: number;
}

/** The plan's rows in one message. A row keeps its id for as long as the round lasts. */
export function rowsOf(round: Round, span: StepSpan): PlanRow[] {
  const steps = stepsIn(round, span);
  const folded = steps.slice(MAX_OWN_ROWS);
  const rows = steps.slice(0, MAX_OWN_ROWS).map(({ step, index }): PlanRow => {
    const row = { id: `s${index}`, title: labelOf(step), status: statusOf(step, round.ending) };
    // Details of what went well only make the message long.
    return step.status === "error" && step.detail !== undefined
      ? { ...row, details: inertLabel(step.detail, MAX_DETAIL) }
      : row;
  });
  return folded.length === 0 ? rows : [...rows, foldedRow(folded, round.ending)];
}

/** Rows of a message that ends while the round goes on: what is not done yet is continued in the next one. */
export function leftRows(rows: readonly PlanRow[]): PlanRow[] {
  return rows.map((row) =>
    row.status === "in_progress" ? { ...row, status: "pending", details: "continued below" } : row,
  );
}

/** Steps that are still going on, as `carried` of the next message. */
export function unfinishedIn(round: Round, span: StepSpan): number[] {
  return stepsIn(round, span).flatMap(({ step, index }) => (step.status === "in_progress" ? [index] : []));
}

/** The plan's title: what is going on, or how it ended. */
export function titleOf(round: Round): string {
  if (round.ending !== undefined) return ENDED_TITLES[round.ending.outcome];
  if (round.isStopping) return "Stopping";
  return round.phase === undefined ? "Starting" : PHASE_TITLES[round.phase];
}

const ENDED_TITLES: Readonly<Record<Ending["outcome"], string>> = {
  completed: "Done",
  "no-changes": "Done",
  failed: "Did not finish",
  stopped: "Stopped",
  saved: "Paused",
  cancelled: "Cancelled",
};

function labelOf({ title, kind }: Step): string {
  return inertLabel(title, kind === "remark" ? MAX_REMARK : MAX_TITLE);
}

function stepsIn(round: Round, { first, end, carried }: StepSpan): NumberedStep[] {
  return round.steps
    .map((step, index) => ({ step, index }))
    .filter(({ index }) => carried.includes(index) || (index >= first && (end === null || index < end)));
}

function foldedRow(steps: readonly NumberedStep[], ending: Ending | undefined): PlanRow {
  const current = steps.findLast(({ step }) => step.status === "in_progress") ?? steps.at(-1);
  const others = steps.length - 1;
  const status = current === undefined ? "complete" : statusOf(current.step, ending);
  if (status !== "in_progress") return { id: "more", title: `${steps.length} more steps`, status };
  const more = others === 0 ? "" : ` (after ${others} more ${others === 1 ? "step" : "steps"})`;
  return { id: "more", title: `${current === undefined ? "" : labelOf(current.step)}${more}`, status };
}

/** A step the end overtook was not done: it failed with the run, or is left for later. */
function statusOf({ status }: Step, ending: Ending | undefined): PlanRow["status"] {
  if (status !== "in_progress" || ending === undefined) return status;
  if (ending.outcome === "failed") return "error";
  return ending.outcome === "completed" || ending.outcome === "no-changes" ? "complete" : "pending";
}

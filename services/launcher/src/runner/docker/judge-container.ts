import type { ContainerInspectInfo } from "dockerode";
import { signalOf } from "../exit-signal.ts";
import type { RunEnd } from "../session-runner.ts";

/** What the engine told of a container while it happened. */
export interface HeardOf {
  /** Somebody sent it a signal through the engine. */
  wasSignalled: boolean;
  isOutOfMemory: boolean;
  /** Of its end; unset while none was heard of. */
  exitCode?: number;
}

export const NOTHING_HEARD: HeardOf = { wasSignalled: false, isOutOfMemory: false };

/** What a run's container says of it now. */
export type Verdict =
  | { kind: "living" }
  /** Its end came while nobody looked; news of how may be under way. */
  | { kind: "ended"; end: RunEnd; isHeardOf: boolean };

/** `timeout`'s own answer when the time was up. */
const TIMED_OUT = 124;
/** Answers of what runs before the worker, and of shells about programs that are not there or cannot be run. */
const COULD_NOT_RUN: ReadonlySet<number> = new Set([125, 126, 127]);
/** The engine does not know how it ended: it was not there. */
const UNKNOWN = 255;
/** The engine's clock and the container's are one; the times are whole seconds. */
const TOLERANCE_MS = 1_500;

/** Decides from the container as the engine has it, what it told on the way, and the deadline it has. */
export function judgeContainer(container: ContainerInspectInfo, heard: HeardOf, deadlineAt: number): Verdict {
  const { State: state } = container;
  if (state.Error !== "" && !state.Running) {
    return ended({ reason: "could-not-start", exitCode: state.ExitCode, detail: state.Error }, heard);
  }
  if (state.Status !== "exited" && state.Status !== "dead") return { kind: "living" };
  const isDeadlineOver = Date.parse(state.FinishedAt) >= deadlineAt - TOLERANCE_MS;
  const isOutOfMemory = state.OOMKilled || heard.isOutOfMemory;
  return ended(endOf(state.ExitCode, { isDeadlineOver, isOutOfMemory, ...seen(heard) }), heard);
}

/** How a run ended whose container is gone, from what was heard of it. */
export function endOfGone(heard: HeardOf): RunEnd {
  if (heard.exitCode === undefined) return { reason: "deleted", detail: "its container is gone" };
  return endOf(heard.exitCode, { isDeadlineOver: false, isOutOfMemory: heard.isOutOfMemory, ...seen(heard) });
}

/** A worker that fills its JavaScript heap says so with its last words. */
export function withLastWords(end: RunEnd, lines: readonly string[]): RunEnd {
  const isHeapFull = end.reason === "crashed" && lines.some((line) => line.includes("JavaScript heap out of memory"));
  return isHeapFull ? { ...end, reason: "out-of-memory" } : end;
}

interface Circumstances {
  isDeadlineOver: boolean;
  isOutOfMemory: boolean;
  wasSignalled: boolean;
  isHeardOf: boolean;
}

function endOf(exitCode: number, circumstances: Circumstances): RunEnd {
  const { isDeadlineOver, isOutOfMemory, wasSignalled, isHeardOf } = circumstances;
  const signal = signalOf(exitCode);
  const exit = signal === undefined ? { exitCode } : { signal };
  if (exitCode === 0) return { reason: "completed", ...exit };
  // Once the deadline passed that is the reason, however well the worker used its last seconds.
  if (isDeadlineOver && (exitCode === TIMED_OUT || signal !== undefined))
    return { reason: "deadline-exceeded", ...exit };
  if (wasSignalled) return { reason: "deleted", ...exit, detail: "ended through the Docker engine" };
  if (isOutOfMemory) return { reason: "out-of-memory", ...exit };
  if (COULD_NOT_RUN.has(exitCode)) return { reason: "could-not-start", ...exit, detail: "its command cannot be run" };
  const isUntold = exitCode === UNKNOWN || (!isHeardOf && signal !== undefined);
  if (isUntold) return { reason: "node-lost", ...exit, detail: "it ended while the Docker engine was away" };
  return { reason: "crashed", ...exit };
}

function seen({ wasSignalled, exitCode }: HeardOf): Pick<Circumstances, "wasSignalled" | "isHeardOf"> {
  return { wasSignalled, isHeardOf: exitCode !== undefined };
}

function ended(end: RunEnd, { exitCode }: HeardOf): Verdict {
  return { kind: "ended", end, isHeardOf: exitCode !== undefined };
}

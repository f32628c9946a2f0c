import { signalOf } from "../exit-signal.ts";
import type { RunEnd } from "../session-runner.ts";
import type { EndingCause } from "./run-folder.ts";

export interface LastSeen {
  /** Exit status as a shell sees it, above 128 a signal; `undefined` when nobody saw it. */
  status: number | undefined;
  /** Why a launcher set out to end the run, if one did. */
  ending: EndingCause | undefined;
  lastOutput: readonly string[];
  /** True when the kernel killed something for want of memory since the run began. */
  isMemoryShort: boolean;
}

/** How a run ended, from what it left behind. */
export function describeRunEnd({ status, ending, lastOutput, isMemoryShort }: LastSeen): RunEnd {
  const signal = status === undefined ? undefined : signalOf(status);
  const seen = status === undefined ? {} : signal === undefined ? { exitCode: status } : { signal };
  // Once the deadline passed that is the reason, however well the worker used its last seconds.
  if (ending === "deadline") return { reason: "deadline-exceeded", ...seen };
  if (status === 0) return { reason: "completed", ...seen };
  if (ending === "stopped") return { reason: "deleted", ...seen, detail: "ended because it was asked to stop" };
  if (signal === "SIGKILL" && isMemoryShort) return { reason: "out-of-memory", ...seen };
  if (lastOutput.some((line) => line.includes("JavaScript heap out of memory"))) {
    return { reason: "out-of-memory", ...seen };
  }
  if (status === undefined) {
    return { reason: "crashed", detail: "the worker and the shell that led it are gone without an exit status" };
  }
  return { reason: "crashed", ...seen };
}

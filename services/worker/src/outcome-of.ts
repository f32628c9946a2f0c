import type { RunFinished } from "@peerbot/contracts";
import type { SavedWork } from "./save-work.ts";
import type { TurnReport } from "./take-turn.ts";

/** How a run that ends with this turn ended. */
export function outcomeOf({
  turn: { result, isStopped },
  saved,
  isSaving,
}: {
  turn: Pick<TurnReport, "result" | "isStopped">;
  saved: SavedWork;
  isSaving: boolean;
}): Pick<RunFinished, "outcome" | "failure"> {
  // Work that did not reach its branch is what people must know first.
  if (saved.failure !== undefined) return { outcome: "failed", failure: saved.failure };
  if (result.status === "failed") {
    return { outcome: "failed", ...(result.failure === undefined ? {} : { failure: result.failure }) };
  }
  if (result.status === "interrupted" && isStopped) return { outcome: "stopped" };
  if (result.status === "interrupted" && isSaving) return { outcome: "saved" };
  return { outcome: saved.commit === undefined ? "no-changes" : "completed" };
}

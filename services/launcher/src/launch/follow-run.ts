import { type RunRecord, runNameOf } from "@peerbot/contracts";
import type { SessionActivity, SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { BusinessEvents } from "../business-events.ts";
import type { RunEnd, SessionRunner } from "../runner/session-runner.ts";
import { decideIntervention } from "./decide-intervention.ts";

export interface FollowRunPorts {
  runs: Pick<SessionRuns, "current">;
  inbox: Pick<SessionInbox, "entriesAfter">;
  activity: Pick<SessionActivity, "next">;
  runner: Pick<SessionRunner, "ended" | "stop">;
  business: BusinessEvents;
}

/** News may get lost: this often we look by ourselves. */
const LOOK_MS = 10_000;

/** Waits for a run's end and meanwhile sees that its worker leaves when it should. @throws when aborted. */
export async function followRun(
  run: RunRecord,
  leaving: AbortSignal,
  ports: FollowRunPorts,
  settings: { stopGraceSeconds: number },
): Promise<RunEnd> {
  const over = new AbortController();
  const watching = watchRun(run, AbortSignal.any([leaving, over.signal]), ports, settings);
  try {
    const end = await ports.runner.ended(runNameOf(run.sessionKey, run.epoch), leaving);
    over.abort();
    await watching;
    return end;
  } finally {
    over.abort();
  }
}

/** Never rejects: it only helps where a worker does not leave by itself, and its deadline stands in any case. */
async function watchRun(
  run: RunRecord,
  over: AbortSignal,
  ports: FollowRunPorts,
  { stopGraceSeconds }: { stopGraceSeconds: number },
): Promise<void> {
  const { runs, inbox, activity, runner, business } = ports;
  const { sessionKey, epoch } = run;
  let finishedSince: number | undefined;
  while (!over.aborted) {
    let waitMs = LOOK_MS;
    try {
      const latest = await runs.current(sessionKey);
      if (latest?.epoch === epoch && latest.state === "finished") finishedSince ??= Date.now();
      const verdict = decideIntervention({
        epoch,
        latest,
        entries: await inbox.entriesAfter(sessionKey, run.inboxAfter),
        finishedSince,
        now: Date.now(),
        graceMs: stopGraceSeconds * 1_000,
      });
      if ("end" in verdict && !over.aborted) {
        business.endingWorker(run, verdict.end);
        return await runner.stop(runNameOf(sessionKey, epoch), { graceSeconds: stopGraceSeconds });
      }
      if ("lookAgainAt" in verdict) waitMs = Math.min(LOOK_MS, Math.max(50, verdict.lookAgainAt - Date.now()));
    } catch (error) {
      if (!over.aborted) business.watchFailed(run, error);
    }
    await activity.next("stop", sessionKey, { timeoutMs: waitMs, signal: over });
  }
}

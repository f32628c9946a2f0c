import { type RunRecord, runNameOf } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import type { Session, SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { SessionRunner } from "../runner/session-runner.ts";
import { unansweredStop } from "./decide-intervention.ts";
import { failureOfEnd, isRetriedAfter, STOPPED_UNSAVED } from "./failure-of-end.ts";
import { type FollowRunPorts, followRun } from "./follow-run.ts";
import { type SeenEnd, type StartWorkerPorts, type StartWorkerSettings, startWorker } from "./start-worker.ts";

export interface CarryOutPorts extends StartWorkerPorts, FollowRunPorts {
  runs: SessionRuns;
  inbox: SessionInbox;
  runner: SessionRunner;
}

export interface CarryOutSettings extends StartWorkerSettings {
  timeoutSeconds: number;
  stopGraceSeconds: number;
}

/** Sees a run that has begun to its end, tells the end, and tries once more where that makes sense. */
export async function carryOutRun(
  begun: RunRecord,
  session: Session,
  leaving: AbortSignal,
  ports: CarryOutPorts,
  settings: CarryOutSettings,
): Promise<void> {
  let run: RunRecord | undefined = begun;
  while (run !== undefined) {
    const refused: SeenEnd | undefined =
      run.state === "live" ? await startWorker(run, session, leaving, ports, settings) : undefined;
    const end: SeenEnd = refused ?? (await followRun(run, leaving, ports, settings));
    const isRetrying = await tellEnd(run, end, session, ports);
    await tidyUp(run, ports);
    run = isRetrying ? await beginAgain(run, ports, settings) : undefined;
  }
}

/** Tells the end, unless the worker did or somebody else saw it first. True when the run is to be tried once more. */
async function tellEnd(run: RunRecord, end: SeenEnd, session: Session, ports: CarryOutPorts): Promise<boolean> {
  const { sessionKey, epoch, attempt } = run;
  const stop = unansweredStop(await ports.inbox.entriesAfter(sessionKey, run.inboxAfter));
  const isRetrying = stop === undefined && end.isFinal !== true && isRetriedAfter(end, attempt);
  const failure = stop === undefined ? (end.failure ?? failureOfEnd(end.reason)) : STOPPED_UNSAVED;
  await faultPoint("launcher.before-end");
  const result = await ports.runs.end(sessionKey, epoch, {
    event: { type: "run-ended", reason: end.reason, failure, isRetrying },
    settleThrough: stop?.inboxId ?? run.inboxThrough ?? run.inboxAfter,
  });
  await faultPoint("launcher.after-end");
  if (result === "had-finished") {
    const outcome = (await ports.runs.current(sessionKey))?.outcome ?? "completed";
    ports.business.runEnded(run, { outcome, isFinal: true, end });
    // The repository may be gone or renamed: the next run asks again where it is.
    if (outcome === "failed") await ports.memory.forget({ team: session.thread.team, id: session.owner });
  }
  if (result === "ended") ports.business.runEnded(run, { outcome: end.reason, isFinal: !isRetrying, end });
  return result === "ended" && isRetrying;
}

async function tidyUp(run: RunRecord, { runner, business }: CarryOutPorts): Promise<void> {
  try {
    await runner.remove(runNameOf(run.sessionKey, run.epoch));
  } catch (error) {
    // The end is told and counts; the sweep tries again.
    business.runNotRemoved(run, error);
  }
}

async function beginAgain(
  run: RunRecord,
  { inbox, runs }: CarryOutPorts,
  { timeoutSeconds }: CarryOutSettings,
): Promise<RunRecord | undefined> {
  const { sessionKey: key, person, branch, options, inboxAfter } = run;
  const entries = await inbox.entriesAfter(key, inboxAfter);
  const inboxThrough = entries.at(-1)?.inboxId ?? inboxAfter;
  const messageIds = entries.map(({ message }) => message.id);
  const deadlineAt = Date.now() + timeoutSeconds * 1_000;
  const attempt = run.attempt + 1;
  const next = { key, person, branch, options, inboxAfter, inboxThrough, attempt, deadlineAt, messageIds };
  await faultPoint("launcher.before-begin-again");
  const begun = await runs.begin(next, { after: run.epoch });
  return begun === "superseded" ? undefined : begun;
}

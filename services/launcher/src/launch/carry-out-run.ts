import { type Failure, type RunRecord, runNameOf, signRunToken } from "@peerbot/contracts";
import { AppError, faultPoint, Secret } from "@peerbot/runtime";
import type { Session, SessionEvents, SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { UserDirectory } from "@peerbot/slack";
import type { BusinessEvents } from "../business-events.ts";
import { type RunEnd, RunnerFailure, type RunSpec, type SessionRunner } from "../runner/session-runner.ts";
import { unansweredStop } from "./decide-intervention.ts";
import { failureOfEnd, isRetriedAfter, STOPPED_UNSAVED } from "./failure-of-end.ts";
import { type FindRepositoryPorts, failureOfRepository, findRepository } from "./find-repository.ts";
import { type FollowRunPorts, followRun } from "./follow-run.ts";

export interface CarryOutPorts extends FindRepositoryPorts, FollowRunPorts {
  runs: SessionRuns;
  inbox: SessionInbox;
  events: SessionEvents;
  users: UserDirectory;
  runner: SessionRunner;
  business: BusinessEvents;
}

export interface CarryOutSettings {
  timeoutSeconds: number;
  stopGraceSeconds: number;
  gatewayUrl: string;
  tokenSecret: Secret;
  logLevel: string;
  /** Pauses between tries at the git host, in milliseconds. */
  repositoryPausesMs?: readonly number[];
}

/** Seen from here a run's end is final, or worth the one automatic retry. */
interface SeenEnd extends RunEnd {
  failure?: Failure;
  isFinal?: boolean;
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

/** Gives the run its repository and its worker; a run that has them keeps them. Returns the end when there is none to follow. */
async function startWorker(
  run: RunRecord,
  session: Session,
  leaving: AbortSignal,
  ports: CarryOutPorts,
  settings: CarryOutSettings,
): Promise<SeenEnd | undefined> {
  const { sessionKey, epoch, deadlineAt } = run;
  if (run.repository === undefined) {
    const repository = await repositoryFor(run, session, leaving, ports, settings);
    if ("reason" in repository) return repository;
    if ((await ports.runs.prepare(sessionKey, epoch, repository)) === "fenced") return { reason: "deleted" };
    await faultPoint("launcher.after-prepare");
  }
  const claims = { kind: "start", sessionKey, epoch } as const;
  const token = await signRunToken(claims, { secret: settings.tokenSecret.reveal(), expiresAt: deadlineAt });
  await faultPoint("launcher.before-runner-start");
  try {
    const result = await ports.runner.start({
      name: runNameOf(sessionKey, epoch),
      sessionKey,
      epoch,
      userId: run.person.id,
      startToken: new Secret(token),
      gatewayUrl: settings.gatewayUrl,
      deadlineAt,
      logLevel: settings.logLevel,
      ...givenOptions(run),
    });
    await faultPoint("launcher.after-runner-start");
    if (result === "started") ports.business.workerStarted(run);
    return undefined;
  } catch (error) {
    if (!(error instanceof RunnerFailure)) throw error;
    return { reason: error.reason, detail: error.message };
  }
}

function givenOptions({ options: { size, docker } = {} }: RunRecord): Pick<RunSpec, "size" | "docker"> {
  return { ...(size === undefined ? {} : { size }), ...(docker === undefined ? {} : { docker }) };
}

/** The repository of the session's owner. While the git host is away the thread is told, and Stop still works. */
async function repositoryFor(
  run: RunRecord,
  session: Session,
  leaving: AbortSignal,
  ports: CarryOutPorts,
  { repositoryPausesMs }: CarryOutSettings,
) {
  const { sessionKey, epoch } = run;
  const { team } = session.thread;
  const stopOf = async () => unansweredStop(await ports.inbox.entriesAfter(sessionKey, run.inboxAfter));
  try {
    const owner =
      session.owner === run.person.id ? run.person : await ports.users.personOf({ team, id: session.owner });
    const repository = await findRepository(owner, ports, {
      ...(repositoryPausesMs === undefined ? {} : { pausesMs: repositoryPausesMs }),
      onTrying: async () => {
        const text = "GitHub does not answer as it should; trying again for up to two minutes.";
        await ports.events.append(sessionKey, epoch, { type: "notice", text });
      },
      pause: async (timeoutMs) => {
        await ports.activity.next("stop", sessionKey, { timeoutMs, signal: leaving });
        leaving.throwIfAborted();
        return (await stopOf()) === undefined ? "go-on" : "give-up";
      },
    });
    if (repository !== "given-up") return repository;
  } catch (error) {
    leaving.throwIfAborted();
    ports.business.repositoryFailed(run, error);
    // What the git host says stays true for the next try; that Redis was away does not.
    const isFinal = error instanceof AppError;
    return { reason: "could-not-start", failure: failureOfRepository(error), isFinal } satisfies SeenEnd;
  }
  const handledThrough = (await stopOf())?.inboxId ?? run.inboxAfter;
  const event = { type: "finished", outcome: "stopped", branch: run.branch } as const;
  await ports.runs.finish(sessionKey, epoch, { event, handledThrough, isForced: true });
  return { reason: "completed" } satisfies SeenEnd;
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

import { type Failure, type RunRecord, runNameOf, signRunToken } from "@peerbot/contracts";
import { AppError, faultPoint, Secret } from "@peerbot/runtime";
import type { Session, SessionActivity, SessionEvents, SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { UserDirectory } from "@peerbot/slack";
import type { BusinessEvents } from "../business-events.ts";
import { type RunEnd, RunnerFailure, type RunSpec, type SessionRunner } from "../runner/session-runner.ts";
import { unansweredStop } from "./decide-intervention.ts";
import { type FindRepositoryPorts, failureOfRepository, findRepository } from "./find-repository.ts";

export interface StartWorkerPorts extends FindRepositoryPorts {
  runs: Pick<SessionRuns, "prepare" | "finish">;
  inbox: Pick<SessionInbox, "entriesAfter">;
  activity: Pick<SessionActivity, "next">;
  events: SessionEvents;
  users: UserDirectory;
  runner: Pick<SessionRunner, "start">;
  business: BusinessEvents;
}

export interface StartWorkerSettings {
  gatewayUrl: string;
  tokenSecret: Secret;
  logLevel: string;
  /** Pauses between tries at the git host, in milliseconds. */
  repositoryPausesMs?: readonly number[];
}

/** Seen from here a run's end is final, or worth the one automatic retry. */
export interface SeenEnd extends RunEnd {
  failure?: Failure;
  isFinal?: boolean;
}

/** Gives the run its repository and its worker; a run that has them keeps them. Returns the end when there is none to follow. */
export async function startWorker(
  run: RunRecord,
  session: Session,
  leaving: AbortSignal,
  ports: StartWorkerPorts,
  settings: StartWorkerSettings,
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
  ports: StartWorkerPorts,
  { repositoryPausesMs }: StartWorkerSettings,
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

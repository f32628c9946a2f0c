import type { SessionKey } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import type { SessionInbox } from "@peerbot/session-log";
import type { SessionJobResult, SessionQueue } from "@peerbot/session-queue";
import { type BeginRunPorts, type BeginRunSettings, beginRun, cancelWork } from "./begin-run.ts";
import { type CarryOutPorts, type CarryOutSettings, carryOutRun } from "./carry-out-run.ts";
import { decideNext } from "./decide-next.ts";
import { enqueuePending } from "./enqueue-pending.ts";

export interface LaunchPorts extends BeginRunPorts, CarryOutPorts {
  inbox: SessionInbox;
  queue: SessionQueue;
}

export interface LaunchSettings extends BeginRunSettings, CarryOutSettings {}

/**
 * Does what a session needs now: nothing, meeting the run that is there, or beginning one, and then sees that run to its
 * end. Aborting `leaving` ends only the looking: the worker lives on, and whoever takes the session next meets it.
 * @throws when aborted, and when Redis or the runner is away.
 */
export async function launchSession(
  key: SessionKey,
  leaving: AbortSignal,
  ports: LaunchPorts,
  settings: LaunchSettings,
): Promise<SessionJobResult> {
  for (;;) {
    leaving.throwIfAborted();
    const session = await ports.inbox.session(key);
    if (session === undefined) return "done";
    const pending = await ports.inbox.entriesAfter(key, session.settledThrough);
    const next = decideNext({ session, run: await ports.runs.current(key), pending });
    switch (next.kind) {
      case "nothing":
        return "done";
      case "settle":
        await ports.runs.settle(key, next.through);
        break;
      case "cancel":
        await cancelWork(session, next, ports);
        break;
      case "adopt":
        ports.business.adopted(next.run);
        await carryOutRun(next.run, session, leaving, ports, settings);
        return leaveTheRest(key, ports);
      case "begin": {
        const begun = await beginRun(session, next.work, ports, settings);
        if (begun === "superseded") break;
        if ("postponedUntil" in begun) return begun;
        await faultPoint("launcher.after-begin");
        await carryOutRun(begun, session, leaving, ports, settings);
        return leaveTheRest(key, ports);
      }
      default:
        return next satisfies never;
    }
  }
}

/** What came while the run ended is the next job's, so that other sessions get their turn before. */
async function leaveTheRest(key: SessionKey, ports: LaunchPorts): Promise<SessionJobResult> {
  await enqueuePending(key, ports);
  return "done";
}

import { type InboxEntry, type RunRecord, SessionKey } from "@peerbot/contracts";
import type { Session } from "@peerbot/session-log";

/** What people asked for since the last run: a run's worth of messages. */
export interface Work {
  /** Author of its first message, whose limit the run counts against. */
  user: string;
  /** The run takes the inbox entries after this one… */
  inboxAfter: string;
  /** …of which this is the last one known now. */
  inboxThrough: string;
  messageIds: string[];
  /** Epoch of the session's latest run, 0 when there was none: one run begins after each. */
  after: number;
}

export type Next =
  /** Nobody waits for anything. */
  | { kind: "nothing" }
  /** What waits asks for nothing: a Stop that met nothing to stop. */
  | { kind: "settle"; through: string }
  /** What waited was stopped before it began. */
  | { kind: "cancel"; through: string; user: string; work: Work }
  /** A run is there whose end nobody has seen. */
  | { kind: "adopt"; run: RunRecord }
  | { kind: "begin"; work: Work };

export interface SessionState {
  session: Pick<Session, "settledThrough" | "retryFrom">;
  run: RunRecord | undefined;
  /** Inbox entries nothing has dealt with, oldest first. */
  pending: readonly InboxEntry[];
}

/** What is to be done for a session now. What comes after a Stop is looked at once the Stop is dealt with. */
export function decideNext({ session, run, pending }: SessionState): Next {
  if (run !== undefined && run.state !== "ended") return { kind: "adopt", run };
  const stopAt = pending.findIndex(({ message }) => message.kind === "stop");
  const stop = pending[stopAt];
  const asked = stop === undefined ? pending : pending.slice(0, stopAt);
  const work = workOf(asked, { session, after: run?.epoch ?? 0 });
  if (stop === undefined) return work === undefined ? { kind: "nothing" } : { kind: "begin", work };
  if (work === undefined) return { kind: "settle", through: stop.inboxId };
  return { kind: "cancel", through: stop.inboxId, user: stop.message.user, work };
}

function workOf(
  asked: readonly InboxEntry[],
  { session, after }: { session: SessionState["session"]; after: number },
): Work | undefined {
  const [first, last] = [asked[0], asked.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const isRetry = asked.some(({ message }) => message.kind === "retry");
  return {
    user: first.message.user,
    inboxAfter: isRetry ? session.retryFrom : session.settledThrough,
    inboxThrough: last.inboxId,
    messageIds: asked.map(({ message }) => message.id),
    after,
  };
}

/** The name of a run that waits, the same for everybody who tries to begin it. */
export function requestOf(key: SessionKey, work: Pick<Work, "after">): string {
  return `${key}:${work.after}`;
}

/** The session of a run that waits. */
export function sessionOfRequest(request: string): SessionKey | undefined {
  return SessionKey.safeParse(request.slice(0, request.lastIndexOf(":"))).data;
}

import { branchOf, type RunRecord, type SessionKey, type WorkspaceUser } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import {
  INBOX_START,
  type Session,
  type SessionInbox,
  type SessionRuns,
  type SessionWaits,
} from "@peerbot/session-log";
import type { SessionQueue, UserLimit } from "@peerbot/session-queue";
import type { UserDirectory } from "@peerbot/slack";
import type { BusinessEvents } from "../business-events.ts";
import { requestOf, sessionOfRequest, type Work } from "./decide-next.ts";
import { type OptionSettings, optionsOfRun } from "./options-of-run.ts";

export interface BeginRunPorts {
  inbox: Pick<SessionInbox, "entriesAfter">;
  runs: SessionRuns;
  waits: SessionWaits;
  queue: Pick<SessionQueue, "hurry">;
  limit: UserLimit;
  users: UserDirectory;
  business: BusinessEvents;
}

export interface BeginRunSettings {
  /** How long a run may take. */
  timeoutSeconds: number;
  rateLimit: { max: number; windowSeconds: number };
  options: OptionSettings;
}

/** Begins a run if its person's limit allows it now; otherwise says when it does, to the caller and to the thread. */
export async function beginRun(
  session: Session,
  work: Work,
  ports: BeginRunPorts,
  settings: BeginRunSettings,
): Promise<RunRecord | "superseded" | { postponedUntil: number }> {
  const { key, thread } = session;
  const limited = { team: thread.team, user: work.user };
  const decision = await ports.limit.claim(limited, requestOf(key, work));
  if (!decision.isGranted) {
    await tellWait(key, work, decision, ports, settings);
    await faultPoint("launcher.before-postponing");
    return { postponedUntil: Math.max(decision.until, Date.now() + 1_000) };
  }
  if (decision.hadWaited) await hurryWaiting(limited, ports);
  const person = await ports.users.personOf({ team: thread.team, id: work.user });
  const { inboxAfter, inboxThrough, messageIds, after } = work;
  const deadlineAt = Date.now() + settings.timeoutSeconds * 1_000;
  const options = optionsOfRun(await ports.inbox.entriesAfter(key, INBOX_START), thread.channel, settings.options);
  const branch = branchOf(key);
  const run = { key, person, branch, options, inboxAfter, inboxThrough, attempt: 1, deadlineAt, messageIds };
  await faultPoint("launcher.before-begin");
  return ports.runs.begin(run, { after });
}

/** Withdraws what waited, unless somebody did or it began: its place in the limit goes to the person's next one. */
export async function cancelWork(
  session: Session,
  cancelled: { through: string; user: string; work: Work },
  ports: BeginRunPorts,
): Promise<void> {
  const { key, thread } = session;
  const { through: settleThrough, user, work } = cancelled;
  const limited = { team: thread.team, user: work.user };
  await ports.limit.withdraw(limited, requestOf(key, work));
  const { after, messageIds } = work;
  if ((await ports.runs.cancel(key, { settleThrough, user, after, messageIds })) === "superseded") return;
  ports.business.cancelled(key);
  await hurryWaiting(limited, ports);
}

/** Says so once for each moment and place, however often the job looks. */
async function tellWait(
  key: SessionKey,
  work: Work,
  { until, position }: { until: number; position: number },
  { waits, business }: BeginRunPorts,
  { rateLimit: limit }: BeginRunSettings,
): Promise<void> {
  const request = requestOf(key, work);
  const last = await waits.last(key);
  const answer = await waits.tell(key, { request, reason: "user-limit", until, position, limit });
  const isNew = last?.request !== request || last.reason !== "user-limit";
  if (answer === "told" && isNew) business.limitReached(key, { until, position });
}

/** The row moved: the person's other waiting sessions look again where they stand, and tell it. */
export async function hurryWaiting(
  limited: WorkspaceUser,
  { limit, queue }: Pick<BeginRunPorts, "limit" | "queue">,
): Promise<void> {
  for (const request of await limit.waiting(limited)) {
    const key = sessionOfRequest(request);
    if (key !== undefined) await queue.hurry(key);
  }
}

import { branchOf, type RunRecord, SessionKey } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import type { Session, SessionEvents, SessionRuns } from "@peerbot/session-log";
import type { LimitedPerson, SessionQueue, UserLimit } from "@peerbot/session-queue";
import type { UserDirectory } from "@peerbot/slack";
import type { BusinessEvents } from "../business-events.ts";
import { limitRequestOf, type Work } from "./decide-next.ts";
import type { ToldWaits } from "./told-waits.ts";

export interface BeginRunPorts {
  runs: SessionRuns;
  events: SessionEvents;
  queue: Pick<SessionQueue, "hurry">;
  limit: UserLimit;
  toldWaits: ToldWaits;
  users: UserDirectory;
  business: BusinessEvents;
}

export interface BeginRunSettings {
  /** How long a run may take. */
  timeoutSeconds: number;
  rateLimit: { max: number; windowSeconds: number };
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
  const decision = await ports.limit.claim(limited, limitRequestOf(key, work));
  if (!decision.isGranted) {
    await tellWait(key, work, decision, ports, settings);
    await faultPoint("launcher.before-postponing");
    return { postponedUntil: Math.max(decision.until, Date.now() + 1_000) };
  }
  if (decision.hadWaited) await hurryWaiting(limited, ports);
  const person = await ports.users.personOf({ team: thread.team, id: work.user });
  const { inboxAfter, inboxThrough, messageIds, after } = work;
  const deadlineAt = Date.now() + settings.timeoutSeconds * 1_000;
  const run = { key, person, branch: branchOf(key), inboxAfter, inboxThrough, attempt: 1, deadlineAt, messageIds };
  await faultPoint("launcher.before-begin");
  return ports.runs.begin(run, { after });
}

/** Withdraws what waited: its place in the limit goes to the person's next one. */
export async function cancelWork(
  session: Session,
  cancelled: { through: string; user: string; work: Work },
  ports: BeginRunPorts,
): Promise<void> {
  const { key, thread } = session;
  const limited = { team: thread.team, user: cancelled.work.user };
  await ports.limit.withdraw(limited, limitRequestOf(key, cancelled.work));
  await ports.runs.cancel(key, cancelled.through, cancelled.user);
  ports.business.cancelled(key);
  await hurryWaiting(limited, ports);
}

/** Says so once for each moment and place, however often the job looks. */
async function tellWait(
  key: SessionKey,
  work: Work,
  { until, position }: { until: number; position: number },
  { events, toldWaits, business }: BeginRunPorts,
  { rateLimit }: BeginRunSettings,
): Promise<void> {
  const wait = { request: limitRequestOf(key, work), until, position };
  const told = await toldWaits.last(key);
  if (told?.request === wait.request && told.until === until && told.position === position) return;
  await events.append(key, 0, { type: "waiting", reason: "user-limit", until, position, limit: rateLimit });
  await toldWaits.remember(key, wait);
  if (told?.request !== wait.request) business.limitReached(key, wait);
}

/** The row moved: the person's other waiting sessions look again where they stand, and tell it. */
async function hurryWaiting(limited: LimitedPerson, { limit, queue }: BeginRunPorts): Promise<void> {
  for (const request of await limit.waiting(limited)) {
    const key = SessionKey.safeParse(request.slice(0, request.lastIndexOf(":")));
    if (key.success) await queue.hurry(key.data);
  }
}

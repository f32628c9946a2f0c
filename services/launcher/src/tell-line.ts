import { setTimeout as pause } from "node:timers/promises";
import type { SessionKey } from "@peerbot/contracts";
import type { SessionInbox, SessionRuns, SessionWaits, ToldWait } from "@peerbot/session-log";
import type { SessionQueue } from "@peerbot/session-queue";
import type { BusinessEvents } from "./business-events.ts";
import { decideNext, requestOf } from "./launch/decide-next.ts";

export interface TellLinePorts {
  inbox: Pick<SessionInbox, "session" | "pending">;
  runs: Pick<SessionRuns, "current">;
  waits: SessionWaits;
  queue: Pick<SessionQueue, "line">;
  business: Pick<BusinessEvents, "capacityReached" | "lineUntold">;
}

/** Tells people whose sessions wait for a free slot where they stand, every `everyMs` until aborted. */
export async function tellLineRegularly(
  ports: TellLinePorts,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<void> {
  let seen: Places = new Map();
  while (!signal.aborted) {
    try {
      seen = await tellLine(seen, ports);
    } catch (error) {
      if (!signal.aborted) ports.business.lineUntold(error);
    }
    await pause(everyMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
}

/** Sessions in line, and at which place each was looked at last; `undefined` when it has just come. */
export type Places = ReadonlyMap<SessionKey, number | undefined>;

/** Tells what has changed since the look before. Whoever is in line for the first time may be on its way to a slot. */
export async function tellLine(seen: Places, ports: TellLinePorts): Promise<Places> {
  const now = new Map<SessionKey, number | undefined>();
  for (const [index, key] of (await ports.queue.line()).entries()) {
    const position = index + 1;
    const isWaiting = seen.has(key);
    const before = seen.get(key);
    const isNews = isWaiting && (before === undefined || isWorthTelling(before, position));
    if (isNews) await tellPlace(key, position, ports);
    now.set(key, isNews ? position : before);
  }
  return now;
}

async function tellPlace(key: SessionKey, position: number, ports: TellLinePorts): Promise<void> {
  const { inbox, runs, waits, business } = ports;
  const session = await inbox.session(key);
  if (session === undefined) return;
  const next = decideNext({ session, run: await runs.current(key), pending: await inbox.pending(key) });
  if (next.kind !== "begin") return;
  const request = requestOf(key, next.work);
  const last = await waits.last(key);
  const isKnown = last?.request === request && last.reason === "capacity";
  if (isKnown && !isWorthTelling(last.position, position)) return;
  const wait: ToldWait = { request, reason: "capacity", position };
  if ((await waits.tell(key, wait)) === "told" && !isKnown) business.capacityReached(key, position);
}

/** Every step near the front, and further back when the place has halved or doubled: Slack takes only so many edits. */
export function isWorthTelling(before: number | undefined, position: number): boolean {
  if (before === undefined) return true;
  if (position === before) return false;
  return position <= 3 || position <= before / 2 || position >= before * 2;
}

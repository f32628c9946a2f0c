import { setTimeout as pause } from "node:timers/promises";
import { runNameOf } from "@peerbot/contracts";
import type { SessionInbox } from "@peerbot/session-log";
import type { SessionQueue } from "@peerbot/session-queue";
import { hurryWaiting } from "./launch/begin-run.ts";
import { decideNext, requestOf, sessionOfRequest } from "./launch/decide-next.ts";
import { enqueuePending } from "./launch/enqueue-pending.ts";
import { type WithdrawPorts, withdrawStopped } from "./launch/withdraw-stopped.ts";
import type { SessionRunner } from "./runner/session-runner.ts";

export interface SweepPorts extends WithdrawPorts {
  inbox: SessionInbox;
  queue: SessionQueue;
  runner: SessionRunner;
}

/** Whoever marked a session has this long to do what the mark announced, in milliseconds. */
const SETTLING_MS = 60_000;

/**
 * Finds what a crash left behind: sessions with work or a run but no job, a Stop nobody saw, places in the limit without
 * a session, and workers no session knows of.
 */
export async function sweep(ports: SweepPorts, { stopGraceSeconds }: { stopGraceSeconds: number }): Promise<void> {
  // Asked first: a worker started after this answer is not in it, and one started before is among the known.
  const found = await ports.runner.list();
  const known = await knownRuns(ports);
  await enqueueForgotten(ports);
  await freeLimitPlaces(ports);
  const unknown = found.filter((name) => !known.has(name));
  // At once: each may take its whole time to leave.
  await Promise.all(
    unknown.map(async (name) => {
      ports.business.unknownRun(name);
      await ports.runner.stop(name, { graceSeconds: stopGraceSeconds });
      await ports.runner.remove(name);
    }),
  );
}

/** Sweeps now and every `everyMs` until aborted. */
export async function sweepRegularly(
  ports: SweepPorts,
  { everyMs, stopGraceSeconds, signal }: { everyMs: number; stopGraceSeconds: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sweep(ports, { stopGraceSeconds });
    } catch (error) {
      if (!signal.aborted) ports.business.sweepFailed(error);
    }
    await pause(everyMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
}

async function knownRuns(ports: SweepPorts): Promise<ReadonlySet<string>> {
  const { runs, queue, business } = ports;
  await runs.retireEnded({ olderThanMs: SETTLING_MS });
  const names = new Set<string>();
  for (const key of await runs.live()) {
    const run = await runs.current(key);
    if (run === undefined || run.state === "ended") continue;
    names.add(runNameOf(key, run.epoch));
    if (await queue.hasJob(key)) continue;
    business.forgottenSession(key);
    await queue.enqueue(key);
  }
  return names;
}

async function enqueueForgotten(ports: SweepPorts): Promise<void> {
  const { inbox, queue, business } = ports;
  for (const { key, at } of await inbox.unsettled()) {
    await withdrawStopped(key, ports);
    if ((await inbox.pending(key)).length > 0) {
      if (await queue.hasJob(key)) continue;
      business.forgottenSession(key);
      await enqueuePending(key, ports);
    } else if (at < Date.now() - SETTLING_MS) {
      await inbox.retireUnsettled(key, at);
    }
  }
}

/** A place in a person's limit that no session stands behind any more would hold up the person's others. */
async function freeLimitPlaces(ports: SweepPorts): Promise<void> {
  const { limit, business } = ports;
  for (const person of await limit.waitingPeople()) {
    let isFreed = false;
    for (const request of await limit.waiting(person)) {
      if (await isWanted(request, ports)) continue;
      if (!(await limit.withdraw(person, request))) continue;
      business.limitPlaceFreed(request);
      isFreed = true;
    }
    if (isFreed) await hurryWaiting(person, ports);
  }
}

async function isWanted(request: string, { inbox, runs }: SweepPorts): Promise<boolean> {
  const key = sessionOfRequest(request);
  const session = key === undefined ? undefined : await inbox.session(key);
  if (key === undefined || session === undefined) return false;
  const next = decideNext({ session, run: await runs.current(key), pending: await inbox.pending(key) });
  return next.kind === "begin" && requestOf(key, next.work) === request;
}

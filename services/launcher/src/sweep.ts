import { setTimeout as pause } from "node:timers/promises";
import { runNameOf, type SessionKey } from "@peerbot/contracts";
import type { SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { SessionQueue } from "@peerbot/session-queue";
import type { BusinessEvents } from "./business-events.ts";
import type { SessionRunner } from "./runner/session-runner.ts";

export interface SweepPorts {
  inbox: SessionInbox;
  runs: SessionRuns;
  queue: Pick<SessionQueue, "enqueue" | "hasJob">;
  runner: SessionRunner;
  business: BusinessEvents;
}

/** Whoever marked a session has this long to do what the mark announced, in milliseconds. */
const SETTLING_MS = 60_000;

/** Finds what a crash left behind: sessions with work but no job, and workers no session knows of. */
export async function sweep(ports: SweepPorts, { stopGraceSeconds }: { stopGraceSeconds: number }): Promise<void> {
  // Asked first: a worker started after this answer is not in it, and one started before is among the known.
  const found = await ports.runner.list();
  const known = await knownRuns(ports);
  await enqueueForgotten(ports);
  for (const name of found.filter((name) => !known.has(name))) {
    ports.business.unknownRun(name);
    await ports.runner.stop(name, { graceSeconds: stopGraceSeconds });
    await ports.runner.remove(name);
  }
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
  const { runs } = ports;
  await runs.retireEnded({ olderThanMs: SETTLING_MS });
  const names = new Set<string>();
  for (const key of await runs.live()) {
    const run = await runs.current(key);
    if (run === undefined || run.state === "ended") continue;
    names.add(runNameOf(key, run.epoch));
    await enqueueUnlessQueued(key, ports);
  }
  return names;
}

async function enqueueForgotten(ports: SweepPorts): Promise<void> {
  for (const { key, at } of await ports.inbox.unsettled()) {
    const pending = await ports.inbox.pending(key);
    if (pending.length > 0) await enqueueUnlessQueued(key, ports);
    else if (at < Date.now() - SETTLING_MS) await ports.inbox.retireUnsettled(key, at);
  }
}

async function enqueueUnlessQueued(key: SessionKey, { queue, business }: SweepPorts): Promise<void> {
  if (await queue.hasJob(key)) return;
  business.forgottenSession(key);
  await queue.enqueue(key);
}

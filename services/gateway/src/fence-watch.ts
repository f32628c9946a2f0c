import type { RunTokenClaims } from "@peerbot/contracts";
import type { SessionActivity, SessionRuns } from "@peerbot/session-log";
import type { BusinessEvents } from "./business-events.ts";
import { fenced } from "./gateway-failure.ts";

/** News may be lost on the way; then this is how long a stream of a run that is over goes on at most. */
const LOOK_EVERY_MS = 5_000;

export interface FenceWatchPorts {
  runs: Pick<SessionRuns, "check">;
  activity: SessionActivity;
  log: BusinessEvents;
}

/**
 * A signal that aborts, with the `fenced` failure as reason, once the run is over. It looks whenever something happens
 * in the session (a newer run begins with an event) and at least every 5 s, until `until` aborts.
 */
export function fenceWatch(
  { runs, activity, log }: FenceWatchPorts,
  claims: RunTokenClaims,
  { until, route }: { until: AbortSignal; route: string },
): AbortSignal {
  const cut = new AbortController();
  const { sessionKey, epoch } = claims;

  async function watch(): Promise<void> {
    while (!until.aborted) {
      // Listens before it looks: what happens during the look wakes it again.
      const news = activity.next("events", sessionKey, { timeoutMs: LOOK_EVERY_MS, signal: until });
      if ((await isFenced()) && !until.aborted) {
        log.cutBecauseFenced(claims, route);
        return cut.abort(fenced());
      }
      await news;
    }
  }

  async function isFenced(): Promise<boolean> {
    try {
      return (await runs.check(sessionKey, epoch)) === "fenced";
    } catch (error) {
      // Not knowing is no reason to break a stream: a Redis that restarts must interrupt no session.
      log.fenceUnknown(claims, error);
      return false;
    }
  }

  // Never rejects and ends with `until`.
  void watch();
  return cut.signal;
}

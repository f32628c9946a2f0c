import type { Next } from "../plan/operation.ts";
import { planThread } from "../plan/plan-thread.ts";
import { awaitTurn, isSameTurn, LOOK_EVERY_MS } from "./await-turn.ts";
import { closeRound, refreshView } from "./refresh-view.ts";
import { takeStep } from "./take-step.ts";
import type { OwnedThread, ThreadPorts, ThreadTurn } from "./thread-ports.ts";

/**
 * Shows a thread's events in Slack until nothing is left to show; returns then. It may be killed at any point and run
 * again: intentions are stored before each call, results after it, and what is in doubt is read back.
 * @throws when aborted, when the lease is lost, or when Redis fails
 */
export async function runThread(ports: ThreadPorts, turn: ThreadTurn): Promise<void> {
  const owned = await pickUp(ports, turn);
  if (owned === undefined) {
    ports.log.threadUnknown(turn.key);
    return;
  }
  for (;;) {
    turn.signal.throwIfAborted();
    await refreshView(ports, owned);
    const next = plan(ports, owned);
    turn.onBehind(next.kind === "do");
    if (next.kind === "delivered") await closeRound(ports, owned);
    else if (next.kind === "do") await act(ports, owned, next);
    else if (owned.view.rounds.length === 0) return;
    else await turn.bell.wait(napUntil(next.at), turn.signal);
  }
}

async function pickUp(ports: ThreadPorts, turn: ThreadTurn): Promise<OwnedThread | undefined> {
  const [session, record] = await Promise.all([ports.inbox.session(turn.key), ports.store.load(turn.key)]);
  if (session === undefined) return undefined;
  return { ...turn, ...record, thread: session.thread, retryMs: ports.timing.firstRetryMs };
}

function plan(ports: ThreadPorts, { view, sent, key }: OwnedThread): Next {
  return planThread(view, sent, {
    sessionKey: key,
    now: Date.now(),
    streamLifetimeMs: ports.timing.streamLifetimeMs,
    progressIntervalMs: ports.timing.progressIntervalMs,
    canStream: ports.features.has("streams"),
    canSetStatus: ports.features.has("session-status"),
  });
}

/** First the right to make a call, then what to say in it: what happened while waiting goes with it. */
async function act(ports: ThreadPorts, owned: OwnedThread, planned: Extract<Next, { kind: "do" }>): Promise<void> {
  if (!(await awaitTurn(ports, owned, planned, () => plan(ports, owned)))) return;
  await refreshView(ports, owned);
  const next = plan(ports, owned);
  if (isSameTurn(planned, next)) await takeStep(ports, owned, next.operation);
}

function napUntil(at: number | undefined): number {
  return at === undefined ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, Math.max(0, at - Date.now()));
}

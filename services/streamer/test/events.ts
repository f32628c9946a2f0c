import type { SessionEvent, StoredEvent } from "@peerbot/contracts";
import { applyEvent } from "../src/view/apply-event.ts";
import { EMPTY_VIEW, type ThreadView } from "../src/view/thread-view.ts";

export const EPOCH = 7;

export function accepted(over: Partial<Extract<SessionEvent, { type: "accepted" }>> = {}): SessionEvent {
  return {
    type: "accepted",
    messageId: "C1:1700000000.000100",
    kind: "said",
    user: "U1",
    ts: "1700000000.000100",
    ...over,
  };
}

export function started(attempt = 1): Extract<SessionEvent, { type: "run-started" }> {
  return { type: "run-started", user: "U1", branch: "claude/session-x", attempt, messageIds: [] };
}

export function finished(over: Partial<Extract<SessionEvent, { type: "finished" }>> = {}): SessionEvent {
  return { type: "finished", outcome: "completed", branch: "claude/session-x", ...over };
}

/** Numbers the events from 1, a second apart; what a person or ingress did is outside a run. */
export function stored(events: readonly SessionEvent[], epoch = EPOCH): StoredEvent[] {
  const outside = ["accepted", "waiting", "cancelled"];
  return events.map((event, index) => ({
    v: 1,
    seq: index + 1,
    epoch: outside.includes(event.type) ? 0 : epoch,
    at: 1_700_000_000_000 + index * 1000,
    event,
  }));
}

/** What a thread has to show after these events. */
export function viewOf(...events: SessionEvent[]): ThreadView {
  return stored(events).reduce(applyEvent, EMPTY_VIEW);
}

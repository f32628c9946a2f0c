import type { WorkerEvent } from "@peerbot/contracts";

/** The answer as the thread shows it. */
export function answerIn(events: readonly WorkerEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}

export function phasesIn(events: readonly WorkerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "phase" ? [event.phase] : []));
}

export function noticesIn(events: readonly WorkerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
}

/** Identities of the messages the agent was given, in order. */
export function takenIn(events: readonly WorkerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "messages-taken" ? event.ids : []));
}

/** The rows of the plan as they stand at the end: title and status, in the order they appeared. */
export function stepsIn(events: readonly WorkerEvent[]): string[] {
  const rows = new Map<string, string>();
  for (const event of events) if (event.type === "step") rows.set(event.id, `${event.title}: ${event.status}`);
  return [...rows.values()];
}

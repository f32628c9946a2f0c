import type { Breakdown } from "../bench.ts";
import type { MentionStart } from "./mention.ts";

/** The stations of a mention, in their order, and where each is seen. */
const STATIONS: readonly (readonly [string, (start: MentionStart) => number | undefined])[] = [
  ["accepted by ingress", ({ events }) => eventAt(events, "accepted")],
  ["job taken by the launcher", ({ jobTakenAt }) => jobTakenAt],
  ["run begun", ({ events }) => eventAt(events, "run-started")],
  ["worker's process started", ({ logs }) => logAt(logs.launcher, "worker-started")],
  ["worker up", ({ logs }) => logAt(logs.worker, "worker-up")],
  ["token exchanged", ({ logs }) => logAt(logs.gateway, "worker-arrived")],
  ["assignment taken", ({ logs }) => logAt(logs.worker, "run-taken")],
  ["cloned", ({ logs }) => logs.worker.find(({ phase }) => phase === "restoring")?.at],
  ["asked the agent", ({ logs }) => logs.worker.find(({ phase }) => phase === "working")?.at],
  ["request at the gateway", ({ events }) => eventAt(events, "model-requested")],
  ["request at the model", ({ requestedAt }) => requestedAt],
];

/** When each station was reached, in milliseconds after the mention. A station nobody wrote down is left out. */
export function breakdownOf(name: string, starts: readonly MentionStart[]): Breakdown {
  const stages = STATIONS.map(([station, timeOf]) => ({
    name: station,
    values: starts.flatMap((start) => {
      const at = timeOf(start);
      return at === undefined ? [] : [at - start.postedAt];
    }),
  }));
  return { name, stages: stages.filter(({ values }) => values.length > 0) };
}

function eventAt(events: MentionStart["events"], type: string): number | undefined {
  return events.find(({ event }) => event.type === type)?.at;
}

function logAt(lines: MentionStart["logs"]["worker"], message: string): number | undefined {
  return lines.find(({ msg }) => msg === message)?.at;
}

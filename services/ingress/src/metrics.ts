import { Counter, Histogram, type Registry } from "prom-client";

export type IngressMetrics = ReturnType<typeof createMetrics>;

/** What the ingress counts. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    deliveries: new Counter({
      name: "peerbot_slack_deliveries_total",
      help: "Deliveries from Slack, by type and result (accepted, duplicate, deferred, ignored, refused, failed)",
      labelNames: ["type", "result"],
      registers,
    }),
    unverified: new Counter({
      name: "peerbot_slack_unverified_total",
      help: "Requests that did not prove to be Slack's, by reason (unsigned, forged, stale)",
      labelNames: ["reason"],
      registers,
    }),
    ingestSeconds: new Histogram({
      name: "peerbot_ingest_seconds",
      help: "From the arrival of a delivery to the moment it may be acknowledged; Slack waits 3 seconds",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5],
      registers,
    }),
    threadLookups: new Counter({
      name: "peerbot_thread_lookups_total",
      help: "Threads read because Redis did not know them, by result (ours, not-ours, failed)",
      labelNames: ["result"],
      registers,
    }),
  };
}

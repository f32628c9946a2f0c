import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export type LauncherMetrics = ReturnType<typeof createMetrics>;

/** How much there is of something now, by state; rejects while Redis is away. */
export type ReadDepth = () => Promise<Record<string, number>>;

/** What the launcher counts. `queues` gives each queue's depth at the time of reading, `warmWorkers` the pool's members. */
export function createMetrics(
  registry: Registry,
  { queues, warmWorkers }: { queues: Readonly<Record<string, ReadDepth>>; warmWorkers: ReadDepth },
) {
  const registers = [registry];
  new Gauge({
    name: "peerbot_queue_depth",
    help: "Jobs in a queue, by state; absent while Redis is away",
    labelNames: ["queue", "state"],
    registers,
    async collect() {
      this.reset();
      for (const [queue, read] of Object.entries(queues)) {
        // The other metrics matter most while Redis is away.
        const depth = await read().catch(() => ({}));
        for (const [state, count] of Object.entries(depth)) this.set({ queue, state }, count);
      }
    },
  });
  new Gauge({
    name: "peerbot_warm_workers",
    help: "Workers started ahead, of all launchers, by state (starting, ready, offered, taken, leaving); absent while Redis is away",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      for (const [state, count] of Object.entries(await warmWorkers().catch(() => ({})))) this.set({ state }, count);
    },
  });
  return {
    activeRuns: new Gauge({ name: "peerbot_active_runs", help: "Runs this launcher looks after now", registers }),
    sessions: new Counter({
      name: "peerbot_sessions_total",
      help: "Ended runs by outcome: the worker's own, `cancelled`, or the reason it ended without telling one",
      labelNames: ["outcome"],
      registers,
    }),
    limitWaits: new Counter({
      name: "peerbot_limit_waits_total",
      help: "Runs that had to wait because their person had used up the window",
      registers,
    }),
    capacityWaits: new Counter({
      name: "peerbot_capacity_waits_total",
      help: "Runs that had to wait because all slots of all launchers were taken",
      registers,
    }),
    warmClaims: new Counter({
      name: "peerbot_warm_claims_total",
      help: "Runs that asked for a waiting worker: hit, miss (none was ready), or given-up (it did not take the run in time)",
      labelNames: ["result"],
      registers,
    }),
    runStartSeconds: new Histogram({
      name: "peerbot_run_start_seconds",
      help: "Seconds from a run's beginning to its worker having been started",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    runSeconds: new Histogram({
      name: "peerbot_run_seconds",
      help: "Seconds from a run's beginning to its end, by outcome",
      labelNames: ["outcome"],
      buckets: [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200],
      registers,
    }),
  };
}

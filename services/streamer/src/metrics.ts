import { Counter, Gauge, Histogram, type Registry } from "prom-client";

const SECONDS_TO_FIRST_SIGN = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60];
const SECONDS_TO_MODEL = [1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 900];
const SECONDS_TO_END = [5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

export type StreamerMetrics = ReturnType<typeof createStreamerMetrics>;

/** What the streamer counts. `threadsBehind` is asked when the metrics are read. */
export function createStreamerMetrics(registry: Registry, { threadsBehind }: { threadsBehind: () => number }) {
  const registers = [registry];
  const seconds = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers });
  new Gauge({
    name: "peerbot_threads_behind",
    help: "Threads of this replica that do not show yet all that happened",
    registers,
    collect() {
      this.set(threadsBehind());
    },
  });
  return {
    slackCalls: new Counter({
      name: "peerbot_slack_calls_total",
      help: "Calls of Slack's Web API; `result` is ok, Slack's error code, rate-limited or unknown",
      labelNames: ["method", "result"],
      registers,
    }),
    slackRateLimited: new Counter({
      name: "peerbot_slack_rate_limited_total",
      help: "Calls Slack answered with 429",
      labelNames: ["method"],
      registers,
    }),
    threadsGivenUp: new Counter({
      name: "peerbot_threads_given_up_total",
      help: "Threads that could not be shown to their end, by Slack's error code",
      labelNames: ["code"],
      registers,
    }),
    firstSign: seconds(
      "peerbot_first_sign_seconds",
      "From a message to the first answer in its thread",
      SECONDS_TO_FIRST_SIGN,
    ),
    firstModelRequest: seconds(
      "peerbot_first_model_request_seconds",
      "From a message to the first request to the model",
      SECONDS_TO_MODEL,
    ),
    finalState: seconds("peerbot_final_state_seconds", "From a message to how it ended, as posted", SECONDS_TO_END),
  };
}

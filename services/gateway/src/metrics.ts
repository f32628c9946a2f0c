import { Counter, type Registry } from "prom-client";
import { createModelLabels } from "./model-proxy/model-label.ts";

export type GatewayMetrics = ReturnType<typeof createMetrics>;

/** What the gateway counts. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    modelLabel: createModelLabels(),
    modelTokens: new Counter({
      name: "peerbot_model_tokens_total",
      help: "Tokens the Claude API reported, by model and direction (input, output, cache-read, cache-write)",
      labelNames: ["model", "direction"],
      registers,
    }),
    modelRequests: new Counter({
      name: "peerbot_model_requests_total",
      help: "Requests forwarded to the Claude API, by its HTTP status, `unreachable`, or `cut` (broken off before an answer)",
      labelNames: ["status"],
      registers,
    }),
    gitOperations: new Counter({
      name: "peerbot_git_operations_total",
      help: "Git operations of workers (refs, fetch, push, pull-request), by result (ok, refused, failed)",
      labelNames: ["operation", "result"],
      registers,
    }),
    events: new Counter({
      name: "peerbot_events_total",
      help: "Events taken from workers, repeated deliveries included",
      registers,
    }),
    fenced: new Counter({
      name: "peerbot_fenced_total",
      help: "Calls of runs that were over, by route",
      labelNames: ["route"],
      registers,
    }),
    conversationSaves: new Counter({
      name: "peerbot_conversation_saves_total",
      help: "Conversations workers saved, by result (saved, conflict, fenced, refused, failed)",
      labelNames: ["result"],
      registers,
    }),
  };
}

import type { Usage } from "@peerbot/contracts";
import { z } from "zod";
import type { ResultMessage } from "./translate-messages.ts";

const ModelUsage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadInputTokens: z.number(),
  cacheCreationInputTokens: z.number(),
  costUSD: z.number(),
});

/** The share of one result. The SDK does not declare it, and its declared totals go on growing through later runs. */
const ResultShare = z.object({ model_usage_since_last_result: z.record(z.string(), ModelUsage) });

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0, turns: 0, durationMs: 0 };

/** What the results of one turn cost together. */
export function usageOfResults(results: readonly ResultMessage[], durationMs: number): Usage {
  return { ...results.map(shareOf).reduce(addUsage, NO_USAGE), durationMs };
}

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: one.costUsd + other.costUsd,
    turns: one.turns + other.turns,
    durationMs: one.durationMs + other.durationMs,
  };
}

function shareOf(result: ResultMessage): Usage {
  const share = ResultShare.safeParse(result);
  const models = Object.values(share.success ? share.data.model_usage_since_last_result : result.modelUsage);
  return models
    .map((model) => ({
      ...NO_USAGE,
      inputTokens: model.inputTokens + model.cacheReadInputTokens + model.cacheCreationInputTokens,
      outputTokens: model.outputTokens,
      costUsd: model.costUSD,
    }))
    .reduce(addUsage, { ...NO_USAGE, turns: result.num_turns });
}

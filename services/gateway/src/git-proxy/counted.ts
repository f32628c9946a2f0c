import { GatewayFailure } from "../gateway-failure.ts";
import type { GatewayMetrics } from "../metrics.ts";

type Operation = "refs" | "fetch" | "push";

/** Counts the operation by how it ends: `ok`, `refused` by us, or `failed` behind us. */
export async function counted<T>(metrics: GatewayMetrics, operation: Operation, act: () => Promise<T>): Promise<T> {
  try {
    const result = await act();
    metrics.gitOperations.inc({ operation, result: "ok" });
    return result;
  } catch (error) {
    const isRefusal = error instanceof GatewayFailure && error.code !== "caller-gone";
    metrics.gitOperations.inc({ operation, result: isRefusal ? "refused" : "failed" });
    throw error;
  }
}

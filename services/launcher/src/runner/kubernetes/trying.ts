import { setTimeout as pause } from "node:timers/promises";
import { apiFailureOf, isPassing } from "./api-failure.ts";

const PAUSES_MS = [200, 500, 1_000, 2_000];

/** Asks again where the trouble may pass by itself; everything asked here may be asked twice. @throws what came last. */
export async function trying<T>(ask: () => Promise<T>): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pause(Math.max(pauseMs * (0.75 + Math.random() / 2), apiFailureOf(error)?.retryAfterMs ?? 0));
    }
  }
  return ask();
}

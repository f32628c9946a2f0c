import { setTimeout as pause } from "node:timers/promises";

const PAUSES_MS = [200, 500, 1_000, 2_000];

export type Trying = <T>(ask: () => Promise<T>) => Promise<T>;

/** Asks again where the trouble may pass by itself; everything asked so may be asked twice. Throws what came last. */
export function tryingWhile(
  isPassing: (error: unknown) => boolean,
  /** A pause the other side asks for, in milliseconds. */
  retryAfterMs: (error: unknown) => number | undefined = () => undefined,
): Trying {
  return async (ask) => {
    for (const pauseMs of PAUSES_MS) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await pause(Math.max(pauseMs * (0.75 + Math.random() / 2), retryAfterMs(error) ?? 0));
      }
    }
    return ask();
  };
}

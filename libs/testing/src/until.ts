import { inspect } from "node:util";

export interface UntilOptions {
  /** What is waited for, as it reads after "waited 5 s for": `the thread to be closed`. */
  what: string;
  timeoutMs?: number;
  /** Pause between two looks, in milliseconds. */
  everyMs?: number;
}

/**
 * Looks again and again until the condition gives something truthy, and returns that. A condition that throws counts
 * as not yet true.
 * @throws after `timeoutMs` (15 s unless told), saying what the last look saw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 15_000, everyMs = 20 }: UntilOptions,
): Promise<Exclude<T, undefined | null | false | "" | 0>> {
  const deadline = performance.now() + timeoutMs;
  let lastLook = "the first look did not come back";
  while (performance.now() < deadline) {
    try {
      const value = await withinTime(condition, deadline);
      if (value) return value as Exclude<T, undefined | null | false | "" | 0>;
      lastLook = `the last look gave ${inspect(value)}`;
    } catch (error) {
      if (error === LOOK_TOO_SLOW) break;
      lastLook = `the last look failed: ${error instanceof Error ? error.message : inspect(error)}`;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}; ${lastLook}`);
}

const LOOK_TOO_SLOW = Symbol("the condition did not settle in time");

async function withinTime<T>(condition: () => T | Promise<T>, deadline: number): Promise<T> {
  const { promise: tooSlow, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(LOOK_TOO_SLOW), Math.max(1, deadline - performance.now()));
  try {
    return await Promise.race([condition(), tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}

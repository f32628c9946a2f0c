import type { BackoffOptions } from "bullmq";

const LONGEST_MS = 60_000;

/** For jobs whose worker has `backoffMs` for its strategy. */
export const CAPPED_BACKOFF: BackoffOptions = { type: "capped-exponential" };

/** 1 s, 2 s, 4 s… up to a minute, each up to 30 % shorter so that a thousand jobs do not come back at once. */
export function backoffMs(attemptsMade: number): number {
  const longest = Math.min(1_000 * 2 ** Math.min(attemptsMade - 1, 10), LONGEST_MS);
  return Math.floor(longest * (1 - Math.random() * 0.3));
}

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait before the n-th start in a row of something that keeps crashing; counts from 1. */
export function restartDelayMs(crashesInARow: number): number {
  return Math.min(FIRST_MS * 2 ** (crashesInARow - 1), LONGEST_MS);
}

import type { FaultCounts } from "./inject-faults.ts";

/** What a run must have tried for its result to count. */
export interface Demand {
  /** Faults that were injected, named points included. */
  faults: number;
  /** How often each named point struck. */
  strikes: number;
}

export interface Tried {
  faultCounts: FaultCounts;
  hits: ReadonlyMap<string, number>;
  /** Answers prepared for requests that never came. */
  unmet: number;
}

/** Everything that was broken. */
export function faultsIn({ faultCounts, hits, unmet }: Tried): number {
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  return sum(faultCounts.values()) + sum(hits.values()) - unmet;
}

/** What is missing, in sentences; none when the run tried what it was to try. */
export function missedCoverage(tried: Tried, { faults, strikes }: Demand): string[] {
  const injected = faultsIn(tried);
  const missed = injected < faults ? [`${injected} faults were injected, not ${faults}`] : [];
  const behind = [...tried.hits].filter(([, count]) => count < strikes);
  return [...missed, ...behind.map(([name, count]) => `${name} struck ${count} times, not ${strikes}`)];
}

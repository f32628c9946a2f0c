import type { Fault } from "./step.ts";

export interface FailNext {
  fault: Fault;
  /** How many requests fail; 1 when left out. */
  times?: number;
  /** Only requests of this session fail. */
  sessionKey?: string;
}

/** Failures that wait for requests to hit, oldest first. */
export function createFaultQueue() {
  const waiting: (FailNext & { times: number })[] = [];
  return {
    add(failure: FailNext): void {
      waiting.push({ ...failure, times: failure.times ?? 1 });
    },
    /** How many requests are still to fail. */
    pending: () => waiting.reduce((sum, { times }) => sum + times, 0),
    clear: () => void waiting.splice(0),
    /** The failure that this request meets, if any; it is used up once. */
    take(sessionKey: string | undefined): Fault | undefined {
      const next = waiting.find((failure) => failure.sessionKey === undefined || failure.sessionKey === sessionKey);
      if (next === undefined) return undefined;
      next.times -= 1;
      if (next.times <= 0) waiting.splice(waiting.indexOf(next), 1);
      return next.fault;
    },
  };
}

import type { z } from "zod";
import type { InjectFault } from "../control/api.ts";

export type Fault = z.infer<typeof InjectFault>;

/** Failures that tests asked for; each is used up call by call, the oldest first. */
export interface Faults {
  inject(fault: Fault): void;
  list(): Fault[];
  clear(): void;
  /** The fault this call meets, if any. */
  take(method: string): Fault | undefined;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  return {
    inject: (fault) => void faults.push({ ...fault }),
    list: () => faults.map((fault) => ({ ...fault })),
    clear: () => {
      faults = [];
    },
    take(method) {
      const fault = faults.find((candidate) => candidate.method === undefined || candidate.method === method);
      if (fault === undefined) return undefined;
      fault.count -= 1;
      faults = faults.filter(({ count }) => count > 0);
      return fault;
    },
  };
}

import { constants } from "node:os";

/** The signal a process died of, from its exit status as shells and Kubernetes tell it: 128 and the signal's number. */
export function signalOf(status: number): string | undefined {
  if (status <= 128) return undefined;
  const number = status - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

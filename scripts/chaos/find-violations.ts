import { findOutsideViolations } from "./find-outside-violations.ts";
import { findThreadViolations } from "./find-thread-violations.ts";
import type { Observation, Violation } from "./observation.ts";

/** The promises that what was seen breaks. */
export function findViolations(observation: Observation): Violation[] {
  const moving: Violation[] = observation.isQuiet
    ? []
    : [{ promise: "becomes-quiet", where: "everywhere", evidence: "there was still something going on at the end" }];
  return [...moving, ...observation.threads.flatMap(findThreadViolations), ...findOutsideViolations(observation)];
}

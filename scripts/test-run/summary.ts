import type { TestCounts } from "./run-mocha.ts";

/** The last line of a test run, which build servers read. */
export function summaryOf({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

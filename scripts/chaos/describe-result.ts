import { faultsIn } from "./coverage.ts";
import type { ChaosResult } from "./run-chaos.ts";

/** What happened and what broke, as tables for people. */
export function describeResult(result: ChaosResult): string {
  const { sessions, seed, seconds, faultCounts, hits, unmet, observation, violations } = result;
  const requests = observation.threads.reduce((sum, { asked }) => sum + asked.length, 0);
  return [
    `${sessions} sessions with ${requests} requests, seed ${seed}, ${faultsIn(result)} faults, ${seconds} s`,
    "",
    table(["Fault", "Injected"], [...faultCounts].sort()),
    ...(unmet === 0 ? [] : ["", `${unmet} of the failing answers met no request and are not counted.`]),
    "",
    table(["Named point", "Struck"], [...hits]),
    "",
    violations.length === 0
      ? "0 violations: no promise was broken."
      : `${violations.length} violations:\n\n${table(
          ["Broken promise", "Where", "Evidence"],
          violations.map(({ promise, where, evidence }) => [promise, where, evidence.replaceAll("\n", " ")]),
        )}`,
  ].join("\n");
}

/** Everything as one JSON document. */
export function rawResult({ faultCounts, hits, ...rest }: ChaosResult): string {
  return JSON.stringify(
    { ...rest, faultCounts: Object.fromEntries(faultCounts), hits: Object.fromEntries(hits) },
    null,
    2,
  );
}

/** A Markdown table, its columns lined up. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [first = [], ...others] = cells;
  return [line(first), rule, ...others.map(line)].join("\n");
}

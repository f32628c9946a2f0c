import { cpus, loadavg, totalmem } from "node:os";
import type { Bench, BenchResult, Breakdown, Series } from "./bench.ts";
import { median } from "./statistics.ts";

/** The bench's section of docs/benchmarks.md, without the marks around it. */
export function renderSection(bench: Bench, result: BenchResult): string {
  const rounds = result.baseline.values.length;
  return [
    `## ${bench.title}`,
    "",
    bench.about,
    "",
    `\`npm run bench -- ${bench.name} --rounds ${rounds}\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}, load ${result.load.before.toFixed(1)} before and ${result.load.after.toFixed(1)} after. Medians of ${rounds} rounds, in turns, with the lowest and the highest.`,
    "",
    `| | ${result.unit} | ratio | goal |`,
    "| --- | --- | --- | --- |",
    row(result.baseline, result.baseline),
    ...result.measured.map((series) => row(series, result.baseline)),
    ...result.breakdowns.flatMap((breakdown) => ["", ...renderBreakdown(breakdown, result.unit)]),
  ].join("\n");
}

function row(series: Series, baseline: Series): string {
  const ratio = median(series.values) / median(baseline.values);
  const { goal } = series;
  const told = goal === undefined ? "" : `${goal.isCeiling ? "≤" : "≥"} ${goal.ratio}`;
  return `| ${series.name} | ${spread(series.values)} | ${series === baseline ? "1" : ratio.toFixed(2)} | ${told} |`;
}

function renderBreakdown({ name, stages }: Breakdown, unit: string): string[] {
  return [
    `Where the time goes, ${name}:`,
    "",
    `| until | ${unit} |`,
    "| --- | --- |",
    ...stages.map((stage) => `| ${stage.name} | ${spread(stage.values)} |`),
  ];
}

function spread(values: readonly number[]): string {
  const whole = (value: number) => Math.round(value).toLocaleString("en");
  return `${whole(median(values))} (${whole(Math.min(...values))}–${whole(Math.max(...values))})`;
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${first?.model.trim() ?? "unknown"}), ${memory} GB, Node ${process.versions.node}`;
}

/** Processes that wanted to run, on average over the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

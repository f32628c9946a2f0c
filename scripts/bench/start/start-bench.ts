import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readSettings } from "../../settings/read-settings.ts";
import { type Stack, startStack } from "../../stack/index.ts";
import type { Bench, BenchOptions, BenchResult, Series } from "../bench.ts";
import { loadNow } from "../render-section.ts";
import { startBareAgent } from "./bare-agent.ts";
import { type MentionStart, startByMention } from "./mention.ts";
import { breakdownOf } from "./stages.ts";
import { untilWorkerWaits } from "./until-worker-waits.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** Ways to run a worker that are compared. A variant whose setting does not exist is left out. */
const VARIANTS: readonly Variant[] = [
  { name: "cold", title: "mention, cold", settings: {}, goal: 1.5 },
  { name: "warm", title: "mention, with a warm worker waiting", settings: { WARM_WORKERS: "1" }, goal: 0.5 },
];

interface Variant {
  name: string;
  title: string;
  settings: Readonly<Record<string, string>>;
  goal: number;
}

/** Between measurements the machine comes to rest: what ends a run, and what fills a pool again. */
const REST_MS = 2_000;

export const startBench: Bench = {
  name: "start",
  title: "From a mention to the first request to the model",
  about:
    "A mention in Slack until its session's first request reaches the Claude API, with workers as processes of this machine, against a bare program that imports the Agent SDK and asks with the same options, from the start of its process to its first request. Everything outside is the sandbox's stand-ins.",
  rounds: 9,
  async run({ dataDir, rounds, signal, report }: BenchOptions): Promise<BenchResult> {
    await using running = new AsyncDisposableStack();
    const variants: (Variant & { stack: Stack; dataDir: string })[] = [];
    // One after the other: each looks for ports that are free.
    for (const variant of await knownVariants()) {
      const dir = join(dataDir, variant.name);
      const stack = running.use(await startStack({ dataDir: dir, settings: { ...SETTINGS, ...variant.settings } }));
      variants.push({ ...variant, stack, dataDir: dir });
    }
    const [first] = variants;
    if (first === undefined) throw new Error("there is nothing to measure");
    // The first mention also makes the person's repository, and reads every program from the disk once.
    for (const { stack, dataDir: dir } of variants) await startByMention(stack, dir, { signal });
    await startBareAgent(first.stack, { dataDir, signal });

    const load = { before: loadNow(), after: 0 };
    const bare: number[] = [];
    const starts = new Map<string, MentionStart[]>(variants.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      await pause(REST_MS, undefined, { signal });
      bare.push(await startBareAgent(first.stack, { dataDir, signal }));
      const told = [`bare ${bare.at(-1)}`];
      for (const { name, stack, dataDir: dir } of variants) {
        await untilWorkerWaits(stack);
        await pause(REST_MS, undefined, { signal });
        const start = await startByMention(stack, dir, { signal });
        starts.get(name)?.push(start);
        told.push(`${name} ${start.totalMs}`);
      }
      report(`round ${round} of ${rounds}: ${told.join(", ")}`);
    }
    load.after = loadNow();
    return {
      unit: "ms",
      baseline: { name: "bare Agent SDK", values: bare },
      measured: variants.map(({ name, title, goal }): Series => {
        const values = (starts.get(name) ?? []).map(({ totalMs }) => totalMs);
        return { name: title, values, goal: { ratio: goal, isCeiling: true } };
      }),
      breakdowns: variants.map(({ name, title }) => breakdownOf(title, starts.get(name) ?? [])),
      load,
    };
  },
};

/** The limits are not what is measured. */
const SETTINGS = { LOG_LEVEL: "info", RATE_LIMIT_MAX: "1000", RATE_LIMIT_WINDOW_SECONDS: "60" };

async function knownVariants(): Promise<Variant[]> {
  const services = await readSettings(ROOT);
  const known = new Set(services.flatMap(({ settings }) => settings.map(({ name }) => name)));
  return VARIANTS.filter(({ settings }) => Object.keys(settings).every((name) => known.has(name)));
}

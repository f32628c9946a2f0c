import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import { missedCoverage } from "./chaos/coverage.ts";
import { describeResult, rawResult } from "./chaos/describe-result.ts";
import { createMutatedTree } from "./chaos/mutated-tree.ts";
import { type Mechanism, MUTATIONS } from "./chaos/mutations.ts";
import { type ChaosArguments, HELP, parseArguments } from "./chaos/parse-arguments.ts";
import { type ChaosResult, runChaos } from "./chaos/run-chaos.ts";

const EXIT_BROKEN = 1;
const EXIT_NOT_RUN = 2;
const EXIT_TRIED_LESS = 3;
/** What failed is asked for again, and people's limits hold then, too: the more sessions, the longer that takes. */
const SETTLE_MS = 10 * 60_000;
const SETTLE_MS_PER_SESSION = 3_000;

process.exitCode = await chaos(process.argv.slice(2));

async function chaos(parameters: readonly string[]): Promise<number> {
  try {
    const wish = parseArguments(parameters);
    if (wish === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    return await breakAndCheck(wish);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT_NOT_RUN;
  }
}

async function breakAndCheck(wish: ChaosArguments): Promise<number> {
  const { jsonFile, isKept, minutes, without, with: kept } = wish;
  const folder = await mkdtemp(join(tmpdir(), "peerbot-chaos-"));
  const dataDir = join(folder, "data");
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  let isWorthReading = isKept;
  try {
    const result = await runChaos({
      sessions: wish.sessions,
      seed: wish.seed,
      faults: wish.faults,
      slow: wish.slow,
      dataDir,
      settleMs: SETTLE_MS + wish.sessions * SETTLE_MS_PER_SESSION,
      signal: stopping.signal,
      report: (message) => process.stderr.write(`${message}\n`),
      ...(minutes === undefined ? {} : { faultsForMs: minutes * 60_000 }),
      ...(kept === undefined ? {} : faultsFor(kept)),
      ...(without === undefined ? {} : await treeWithout(without, join(folder, "tree"))),
    });
    if (jsonFile !== undefined) await writeFile(jsonFile, rawResult(result));
    process.stdout.write(`${describeResult(result)}\n`);
    isWorthReading ||= result.violations.length > 0 && without === undefined;
    return exitCodeFor(result, wish);
  } finally {
    if (isWorthReading) process.stderr.write(`Logs and data are in ${folder}.\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}

async function treeWithout(mechanism: Mechanism, root: string) {
  await createMutatedTree(root, mechanism);
  return { root, ...faultsFor(mechanism) };
}

function faultsFor(mechanism: Mechanism) {
  const { weights, points } = MUTATIONS[mechanism];
  return { ...(weights === undefined ? {} : { weights }), ...(points === undefined ? {} : { points }) };
}

function exitCodeFor(result: ChaosResult, { strikes, least }: ChaosArguments): number {
  if (result.violations.length > 0) return EXIT_BROKEN;
  const missed = strikes === undefined ? [] : missedCoverage(result, { strikes, faults: least });
  if (missed.length === 0) return 0;
  process.stdout.write(`\nThis says less than was asked for:\n${missed.map((what) => `- ${what}`).join("\n")}\n`);
  return EXIT_TRIED_LESS;
}

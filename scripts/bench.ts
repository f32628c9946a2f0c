import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import type { BenchResult } from "./bench/bench.ts";
import { type BenchWish, HELP, parseArguments } from "./bench/parse-arguments.ts";
import { renderSection } from "./bench/render-section.ts";
import { writeSection } from "./bench/write-section.ts";

const EXIT_NOT_RUN = 2;
const PAGE = join(import.meta.dirname, "../docs/benchmarks.md");

process.exitCode = await main(process.argv.slice(2));

async function main(parameters: readonly string[]): Promise<number> {
  try {
    const wish = parseArguments(parameters);
    if (wish === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    const section = renderSection(wish.bench, await measure(wish));
    process.stdout.write(`${section}\n`);
    if (wish.isWritten) await writeSection(PAGE, wish.bench.name, section);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT_NOT_RUN;
  }
}

async function measure({ bench, rounds }: BenchWish): Promise<BenchResult> {
  const dataDir = await mkdtemp(join(tmpdir(), `peerbot-bench-${bench.name}-`));
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  try {
    return await bench.run({
      dataDir,
      rounds,
      signal: stopping.signal,
      report: (message) => process.stderr.write(`${message}\n`),
    });
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

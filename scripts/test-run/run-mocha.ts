import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { mochaArguments } from "./mocha-arguments.ts";

const Counts = z.object({ passes: z.number(), failures: z.number(), pending: z.number() });

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs mocha with the given arguments and counts. A mocha that fails without a failed test counts as one failure. */
export async function runMocha(root: string, parameters: readonly string[]): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), "peerbot-counts-"));
  const countsFile = join(folder, "counts.json");
  try {
    const program = join(root, "node_modules/mocha/bin/mocha.js");
    const reporter = ["--reporter", join(import.meta.dirname, "counting-reporter.ts")];
    const { failed } = await execa(
      process.execPath,
      [program, ...reporter, "--reporter-option", `countsFile=${countsFile}`, ...mochaArguments(parameters)],
      { cwd: root, stdio: "inherit", reject: false },
    );
    const text = await readFile(countsFile, "utf8").catch(() => '{"passes":0,"failures":0,"pending":0}');
    const { passes, failures, pending } = Counts.parse(JSON.parse(text));
    return { passed: passes, failed: failed ? Math.max(1, failures) : failures, skipped: pending };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

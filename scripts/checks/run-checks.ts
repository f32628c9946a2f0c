import { join } from "node:path";
import { execa } from "execa";

interface Check {
  name: string;
  command: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "types", command: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"] },
  { name: "format and lint", command: ["node_modules/@biomejs/biome/bin/biome", "check", "."] },
  { name: "imports", command: ["scripts/check-imports.ts"] },
  { name: "operations page", command: ["scripts/check-operations-page.ts"] },
  { name: "configuration page", command: ["scripts/write-configuration-page.ts", "--check"] },
];

/** Runs all checks of the source at once, prints what they find, and gives back the names of those that failed. */
export async function runChecks(root: string): Promise<string[]> {
  const results = await Promise.all(CHECKS.map((check) => run(check, root)));
  return results.filter((name) => name !== undefined);
}

async function run({ name, command }: Check, root: string): Promise<string | undefined> {
  const [program = "", ...parameters] = command;
  const { failed, all, durationMs } = await execa(process.execPath, [join(root, program), ...parameters], {
    cwd: root,
    all: true,
    reject: false,
    stdin: "ignore",
    env: { ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  process.stdout.write(`${failed ? "✗" : "✔"} ${name} (${(durationMs / 1000).toFixed(1)} s)\n`);
  if (!failed) return undefined;
  process.stdout.write(`${all}\n`);
  return name;
}

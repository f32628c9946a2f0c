import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { BENCHES } from "./catalogue.ts";

export interface BenchWish {
  bench: Bench;
  rounds: number;
  /** Whether the page is brought up to date. */
  isWritten: boolean;
}

const NAMES = BENCHES.map(({ name }) => name).join(", ");

export const HELP = `Measures Peerbot against the bare thing it is built on, in the same run.

  npm run bench -- start --rounds 9 --write

  ${BENCHES.map(({ name, title }) => `${name.padEnd(16)}  ${title}`).join("\n  ")}

  --rounds N        how often each is measured, in turns
  --write           bring its section of docs/benchmarks.md up to date
  --help            this text
`;

/** The arguments of `bench`, or the wish for help. @throws with a sentence about what is wrong. */
export function parseArguments(parameters: readonly string[]): BenchWish | "help" {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const [name, ...others] = positionals;
  const bench = BENCHES.find((one) => one.name === name);
  if (bench === undefined || others.length > 0) throw new Error(`Say what to measure, one of: ${NAMES}`);
  const rounds = values.rounds === undefined ? bench.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000)
    throw new Error("--rounds must be a whole number from 1 to 1000");
  return { bench, rounds, isWritten: values.write };
}

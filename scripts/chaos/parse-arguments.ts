import { parseArgs } from "node:util";
import { MECHANISMS, type Mechanism } from "./mutations.ts";

export interface ChaosArguments {
  sessions: number;
  seed: number;
  faults: number;
  /** Factor of the pauses between two faults. */
  slow: number;
  /** Set when less coverage makes the run fail: how often each named point must strike. */
  strikes?: number;
  /** And how many faults must have been injected then. */
  least: number;
  /** The mechanism that is taken out, to see that it is missed. */
  without?: Mechanism;
  /** The mechanism whose faults come while it is in place. */
  with?: Mechanism;
  /** No new faults after this time, in minutes; as many as planned unless told. */
  minutes?: number;
  /** Where the raw results go. */
  jsonFile?: string;
  /** Whether the folder with logs and data stays. */
  isKept: boolean;
}

export const HELP = `Breaks a whole Peerbot on purpose and checks that nobody in Slack could tell.

  npm run chaos -- --sessions 20 --seed 7

  --sessions N      how many threads are begun; 10 unless told
  --seed S          decides everything that is left to chance; 1 unless told
  --faults F        how many faults are tried; 4 for each session unless told
  --strikes N       fail unless every named point struck N times, and --least faults were injected
  --least F         see --strikes; 0 unless told
  --without WHAT    take a mechanism out of a copy of the source and see that it is missed:
                    ${MECHANISMS.join(", ")}
  --with WHAT       the same faults with the mechanism in its place, to compare
  --slow N          N times as long between two faults: for a machine that is busy with other things; 1 unless told
  --minutes M       inject no more faults after this time
  --json FILE       write everything that was seen as JSON
  --keep            keep the folder with the logs and data, as is done anyway when a promise was broken
  --help            this text

The seed decides what people say and when, how Slack delivers it, and which faults come in which order and with which
pauses. When a fault meets what the services are doing then is up to the machine, and so is which named point is armed:
one of those that struck least often.

Exit code: 0 when no promise was broken, 1 when one was, 2 when it could not run, 3 when no promise was broken but less
was tried than --strikes asks for.
`;

/** The arguments of `chaos`, or the wish for help. @throws with a sentence about what is wrong. */
export function parseArguments(parameters: readonly string[]): ChaosArguments | "help" {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      sessions: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      faults: { type: "string" },
      strikes: { type: "string" },
      least: { type: "string", default: "0" },
      slow: { type: "string", default: "1" },
      without: { type: "string" },
      with: { type: "string" },
      minutes: { type: "string" },
      json: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.with !== undefined && values.without !== undefined) {
    throw new Error("--with and --without are two runs to be compared: give one of them");
  }
  const sessions = wholeNumber("--sessions", values.sessions, { min: 1, max: 2_000 });
  return {
    sessions,
    seed: wholeNumber("--seed", values.seed, { min: 0, max: 2 ** 32 - 1 }),
    faults:
      values.faults === undefined ? sessions * 4 : wholeNumber("--faults", values.faults, { min: 0, max: 100_000 }),
    isKept: values.keep,
    slow: wholeNumber("--slow", values.slow, { min: 1, max: 100 }),
    least: wholeNumber("--least", values.least, { min: 0, max: 100_000 }),
    ...(values.strikes === undefined
      ? {}
      : { strikes: wholeNumber("--strikes", values.strikes, { min: 0, max: 1_000 }) }),
    ...(values.without === undefined ? {} : { without: mechanism(values.without) }),
    ...(values.with === undefined ? {} : { with: mechanism(values.with) }),
    ...(values.minutes === undefined
      ? {}
      : { minutes: wholeNumber("--minutes", values.minutes, { min: 1, max: 1_440 }) }),
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
  };
}

function mechanism(name: string): Mechanism {
  const found = MECHANISMS.find((each) => each === name);
  if (found === undefined) throw new Error(`--without and --with must be one of ${MECHANISMS.join(", ")}`);
  return found;
}

function wholeNumber(option: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${option} must be a whole number from ${min} to ${max}`);
}

import { z } from "zod";
import { AppError } from "./app-error.ts";
import { Secret } from "./secret.ts";

/** The settings are unusable; `problems` names every variable that is wrong, never its value. */
export class ConfigError extends AppError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`These settings need attention:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`, {
      code: "config",
    });
    this.problems = problems;
  }
}

/**
 * Parses the environment with a schema whose keys are variable names. An empty variable counts as unset.
 * @throws ConfigError with all mistakes at once.
 */
export function loadConfig<Schema extends z.ZodType>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => describeIssue(issue)));
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const name = issue.path.join(".");
  const missing = issue.code === "invalid_type" && issue.input === undefined && /undefined/.test(issue.message);
  const reason = missing ? "is missing" : issue.message;
  return name === "" ? reason : `${name}: ${reason}`;
}

/** Makes a rule between variables count also when another one is wrong, so that all mistakes come together. */
export const evenIfOthersAreWrong = ({ value }: z.core.ParsePayload) => typeof value === "object" && value !== null;

/** A variable that must never be printed. */
export function secret({ minCharacters = 0 }: { minCharacters?: number } = {}) {
  return z
    .string()
    .min(minCharacters, `must have at least ${minCharacters} characters`)
    .transform((value) => new Secret(value))
    .meta({ isSecret: true });
}

/** A list written with commas; blanks around and empty entries are ignored. */
export function commaSeparated() {
  return z.string().transform((value) =>
    value
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  );
}

/** A whole number, optionally bounded (inclusive). */
export function wholeNumber({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) {
  return z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);
}

/** Where a Docker engine listens, as its own DOCKER_HOST has it. */
export function dockerHost() {
  return z
    .string()
    .regex(/^(unix:\/\/\/.+|tcp:\/\/[^/\s]+:\d+\/?)$/, "must look like unix:///var/run/docker.sock or tcp://host:2375");
}

/** A port to listen on; 0 picks a free one. */
export function port() {
  return wholeNumber({ max: 65_535 });
}

/** `true`/`1`/`yes` or `false`/`0`/`no`. */
export function flag() {
  return z
    .enum(["true", "false", "1", "0", "yes", "no"], { error: "must be true or false" })
    .transform((value) => ["true", "1", "yes"].includes(value));
}

/** An http(s) address without its trailing slash. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: "must be an http or https address" })
    .transform((value) => value.replace(/\/+$/, ""));
}

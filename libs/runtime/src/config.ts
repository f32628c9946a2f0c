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

/** A variable that must never be printed. */
export function secret() {
  return z
    .string()
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

/** Settings every service has. */
export const CommonConfig = z.object({
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("How much is logged."),
  FAULT_POINTS_DIR: z
    .string()
    .optional()
    .describe(
      "For breaking tests only: folder whose files name the points where a process is to die. Unset: none does.",
    ),
});

/** Settings of everything that keeps state in Redis. */
export const RedisConfig = z.object({
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: "must look like redis://host:6379" })
    .default("redis://127.0.0.1:6379")
    .describe("Redis, 6.2 or newer, with `maxmemory-policy noeviction`."),
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]+$/, "may hold small letters, digits and hyphens")
    .default("peerbot")
    .describe("First part of every Redis key, so that several installations can share one Redis."),
});

/** The internal listener: health, readiness and metrics, never to be exposed. */
export const InternalConfig = z.object({
  INTERNAL_HOST: z
    .string()
    .default("0.0.0.0")
    .describe("Address the internal listener binds to, or a name of which one address is this machine's."),
  INTERNAL_PORT: wholeNumber({ max: 65_535 })
    .default(9090)
    .describe("Port of /metrics, /health and /ready; 0 picks a free one."),
});

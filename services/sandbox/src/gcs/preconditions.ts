import { GcsError } from "./gcs-error.ts";

/** The versions of an object that preconditions speak about. */
export interface ObjectVersion {
  generation: string;
  metageneration: string;
}

export interface Preconditions {
  ifGenerationMatch?: bigint;
  ifGenerationNotMatch?: bigint;
  ifMetagenerationMatch?: bigint;
  ifMetagenerationNotMatch?: bigint;
}

const NAMES = [
  "ifGenerationMatch",
  "ifGenerationNotMatch",
  "ifMetagenerationMatch",
  "ifMetagenerationNotMatch",
] as const;

/** Reads preconditions from a query; with `source` the `ifSource…` ones of a rewrite. @throws GcsError 400. */
export function parsePreconditions(query: URLSearchParams, { source = false } = {}): Preconditions {
  const result: Preconditions = {};
  for (const name of NAMES) {
    const parameter = source ? name.replace(/^if/, "ifSource") : name;
    const value = query.get(parameter);
    if (value === null) continue;
    if (!/^\d{1,19}$/.test(value)) throw new GcsError(400, `Invalid value for ${parameter}: '${value}'.`);
    result[name] = BigInt(value);
  }
  return result;
}

/** An absent object counts as generation 0. @throws GcsError 412, or 304 for the negated ones. */
export function requirePreconditions(current: ObjectVersion | undefined, wanted: Preconditions): void {
  const generation = BigInt(current?.generation ?? 0);
  const metageneration = BigInt(current?.metageneration ?? 0);
  const isMet =
    (wanted.ifGenerationMatch ?? generation) === generation &&
    (wanted.ifMetagenerationMatch ?? metageneration) === metageneration;
  if (!isMet) throw new GcsError(412, "At least one of the pre-conditions you specified did not hold.");
  if (wanted.ifGenerationNotMatch === generation || wanted.ifMetagenerationNotMatch === metageneration) {
    throw new GcsError(304, "Not Modified");
  }
}

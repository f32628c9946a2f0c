import { createHash } from "node:crypto";
import type { z } from "zod";

/** Addresses of which each run takes a /28. */
export interface SubnetPool {
  /** The first address, as a number. */
  first: number;
  /** How many /28 there are. */
  count: number;
}

const RUN_BITS = 28;
const ADDRESSES_OF_A_RUN = 2 ** (32 - RUN_BITS);

/** Reads `10.213.0.0/16`. Mistakes are told through `context`. */
export function parseSubnetPool(text: string, context: z.RefinementCtx<string>): SubnetPool {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1).map(Number) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, bits = 0] = parts;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - bits);
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
  if (!isPrivate || Math.max(b, c, d) > 255 || bits < 8 || bits > RUN_BITS || first % size !== 0) {
    context.addIssue({ code: "custom", message: "must be a private network such as 10.213.0.0/16, /28 or larger" });
  }
  return { first, count: size / ADDRESSES_OF_A_RUN };
}

/**
 * The subnets a run may have, in the order it tries them: from a place of its own on through the whole pool, so that
 * runs seldom meet and whoever starts the same run asks for the same one.
 */
export function* subnetsFor(run: string, { first, count }: SubnetPool): Generator<string> {
  const start = createHash("sha256").update(run).digest().readUInt32BE() % count;
  for (let step = 0; step < count; step += 1) {
    yield `${dotted(first + ((start + step) % count) * ADDRESSES_OF_A_RUN)}/${RUN_BITS}`;
  }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

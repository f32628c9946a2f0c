import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { tokenErrorOf } from "./run-token.ts";

/**
 * What lets a worker wait for a run before there is one. `standby` is exchanged once by a worker that was started ahead,
 * so that what stays readable in a manifest is worthless; `waiting` asks for the run the worker is given and stays in its
 * memory. Neither names a session or reaches anything of one.
 */
export const StandbyTokenKind = z.enum(["standby", "waiting"]);
export type StandbyTokenKind = z.infer<typeof StandbyTokenKind>;

const Claims = z.object({ kind: StandbyTokenKind, member: z.string(), exp: z.number() });

export interface StandbyTokenClaims {
  kind: StandbyTokenKind;
  /** The worker's name in the pool. */
  member: string;
}

/** Signs a token like a run's. `expiresAt` in milliseconds since 1970. */
export async function signStandbyToken(
  { kind, member }: StandbyTokenClaims,
  { secret, expiresAt }: { secret: string; expiresAt: number },
): Promise<string> {
  return new SignJWT({ kind, member })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("peerbot")
    .setExpirationTime(Math.ceil(expiresAt / 1000))
    .sign(new TextEncoder().encode(secret));
}

/** The claims of a genuine, unexpired token, and when it expires. @throws RunTokenError */
export async function verifyStandbyToken(
  token: string,
  { secret }: { secret: string },
): Promise<StandbyTokenClaims & { expiresAt: number }> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      issuer: "peerbot",
      algorithms: ["HS256"],
    });
    const { kind, member, exp } = Claims.parse(payload);
    return { kind, member, expiresAt: exp * 1000 };
  } catch (error) {
    throw tokenErrorOf(error);
  }
}

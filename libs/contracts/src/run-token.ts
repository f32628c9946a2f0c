import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { SessionKey } from "./session-key.ts";

/**
 * What a token allows. `start` is exchanged once by a starting worker, so that what stays readable in a manifest is
 * worthless; `run` speaks for the run and stays in the worker's memory; `git` only reaches the run's repository, because
 * git has to be given it where other processes of the machine may look; `model` only reaches the model: it is lent to
 * the agent, which runs what anybody wrote.
 */
export const RunTokenKind = z.enum(["start", "run", "git", "model"]);
export type RunTokenKind = z.infer<typeof RunTokenKind>;

const Claims = z.object({ kind: RunTokenKind, session: SessionKey, epoch: z.number().int() });

export interface RunTokenClaims {
  kind: RunTokenKind;
  sessionKey: SessionKey;
  epoch: number;
}

/** Why a token is worth nothing. */
export class RunTokenError extends Error {
  readonly code: "token-invalid" | "token-expired";

  constructor(code: "token-invalid" | "token-expired", cause: unknown) {
    super(code === "token-expired" ? "the run's token has expired" : "the run's token is not valid", { cause });
    this.name = "RunTokenError";
    this.code = code;
  }
}

/** Signs a token (JWT, HS256, RFC 7519). `expiresAt` in milliseconds since 1970; `secret` at least 32 characters. */
export async function signRunToken(
  claims: RunTokenClaims,
  options: { secret: string; expiresAt: number },
): Promise<string> {
  return new SignJWT({ kind: claims.kind, session: claims.sessionKey, epoch: claims.epoch })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("peerbot")
    .setExpirationTime(Math.ceil(options.expiresAt / 1000))
    .sign(new TextEncoder().encode(options.secret));
}

/** The claims of a genuine, unexpired token. @throws RunTokenError */
export async function verifyRunToken(token: string, { secret }: { secret: string }): Promise<RunTokenClaims> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      issuer: "peerbot",
      algorithms: ["HS256"],
    });
    const { kind, session, epoch } = Claims.parse(payload);
    return { kind, sessionKey: session, epoch };
  } catch (error) {
    throw tokenErrorOf(error);
  }
}

/** What is wrong with a token that could not be verified. */
export function tokenErrorOf(error: unknown): RunTokenError {
  return new RunTokenError(error instanceof errors.JWTExpired ? "token-expired" : "token-invalid", error);
}

import {
  type Repository,
  type RunRecord,
  type RunTokenClaims,
  type RunTokenKind,
  verifyRunToken,
} from "@peerbot/contracts";
import { AppError, type Secret } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CredentialReader } from "./credentials.ts";
import { fenced, outOfScope, tokenMissing } from "./gateway-failure.ts";

export interface Door {
  tokenSecret: Secret;
  /** The only kind of token that opens it. */
  kind: RunTokenKind;
  readToken: CredentialReader;
}

/** Lets only genuine, unexpired tokens of one kind into the scope, before a byte of any body is read. */
export function guardWithToken(scope: FastifyInstance, { tokenSecret, kind, readToken }: Door): void {
  scope.decorateRequest("claims");
  scope.addHook("onRequest", async (request) => {
    const token = readToken(request.headers);
    if (token === undefined) throw tokenMissing();
    const claims = await verifyRunToken(token, { secret: tokenSecret.reveal() });
    if (claims.kind !== kind) throw outOfScope();
    request.setDecorator<RunTokenClaims>("claims", claims);
  });
}

/** Who calls, within a guarded scope. */
export function claimsOf(request: FastifyRequest): RunTokenClaims {
  return request.getDecorator<RunTokenClaims>("claims");
}

/** For routes whose work does not itself compare the epoch: refuses a run that is over. */
export function refuseFenced(runs: Pick<SessionRuns, "check">) {
  return (request: FastifyRequest): Promise<void> => checkLive(runs, claimsOf(request));
}

/** @throws GatewayFailure `fenced` */
export async function checkLive(
  runs: Pick<SessionRuns, "check">,
  { sessionKey, epoch }: Pick<RunTokenClaims, "sessionKey" | "epoch">,
): Promise<void> {
  if ((await runs.check(sessionKey, epoch)) === "fenced") throw fenced();
}

/** The caller's run while it is live. @throws GatewayFailure `fenced` */
export async function liveRunOf(
  runs: Pick<SessionRuns, "current">,
  { sessionKey, epoch }: Pick<RunTokenClaims, "sessionKey" | "epoch">,
): Promise<RunRecord> {
  const run = await runs.current(sessionKey);
  if (run === undefined || run.epoch !== epoch || run.state !== "live") throw fenced();
  return run;
}

export type PreparedRun = RunRecord & { repository: Repository };

/** The same for work on the repository. @throws AppError `run-not-prepared`, retryable, while none is known */
export async function preparedRunOf(
  runs: Pick<SessionRuns, "current">,
  claims: Pick<RunTokenClaims, "sessionKey" | "epoch">,
): Promise<PreparedRun> {
  const { repository, ...run } = await liveRunOf(runs, claims);
  if (repository === undefined) {
    throw new AppError("the run's repository is not prepared yet", { code: "run-not-prepared", retryable: true });
  }
  return { ...run, repository };
}

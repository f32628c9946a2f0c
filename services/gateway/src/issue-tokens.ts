import { type ExchangeResponse, type RunRecord, signRunToken } from "@peerbot/contracts";
import type { Secret } from "@peerbot/runtime";

/** A worker killed at its deadline may still be saving; after this its tokens are worth nothing. */
const MS_AFTER_DEADLINE = 5 * 60_000;

/** The tokens a run works with. */
export async function issueTokens(
  { sessionKey, epoch, deadlineAt }: Pick<RunRecord, "sessionKey" | "epoch" | "deadlineAt">,
  tokenSecret: Secret,
): Promise<ExchangeResponse> {
  const options = { secret: tokenSecret.reveal(), expiresAt: deadlineAt + MS_AFTER_DEADLINE };
  const sign = (kind: "run" | "git" | "model") => signRunToken({ kind, sessionKey, epoch }, options);
  const [runToken, gitToken, modelToken] = await Promise.all([sign("run"), sign("git"), sign("model")]);
  return { runToken, gitToken, modelToken };
}

import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyRequest } from "fastify";
import { claimsOf, type PreparedRun, preparedRunOf } from "../authenticate.ts";
import { GatewayFailure } from "../gateway-failure.ts";

/**
 * The run that calls, if the address names its repository.
 * @throws GatewayFailure `repository-not-found` for any other repository, whether it exists or not
 */
export async function worksiteOf(runs: Pick<SessionRuns, "current">, request: FastifyRequest): Promise<PreparedRun> {
  const run = await preparedRunOf(runs, claimsOf(request));
  const { owner, name } = run.repository;
  const [, , askedOwner, askedName] = request.url.split("?")[0]?.split("/") ?? [];
  if (askedOwner !== owner || askedName !== `${name}.git`) {
    throw new GatewayFailure(404, `this session works on ${owner}/${name} and reaches no other repository`, {
      code: "repository-not-found",
    });
  }
  return run;
}

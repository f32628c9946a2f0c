import {
  type StandbyAccepted,
  type StandbyNews,
  StandbyRequest,
  type StandbyTokenClaims,
  signStandbyToken,
  type TakenRun,
  verifyStandbyToken,
} from "@peerbot/contracts";
import { faultPoint, type Secret } from "@peerbot/runtime";
import { assignmentOf, type SessionRuns } from "@peerbot/session-log";
import type { WarmNews, WarmPool } from "@peerbot/warm-pool";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { preparedRunOf } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { connectionClosed } from "../connection-closed.ts";
import { bearerToken } from "../credentials.ts";
import { fenced, outOfScope, standbyOver, startTokenUsed, tokenMissing } from "../gateway-failure.ts";
import type { Abilities } from "../git-proxy/abilities.ts";
import { issueTokens } from "../issue-tokens.ts";
import { lookUntilNews } from "../look-until-news.ts";

const OrderQuery = z.object({ waitSeconds: z.coerce.number("must be a number").min(0).max(30).default(0) });

export interface StandbyPorts {
  pool: Pick<WarmPool, "arrive" | "look" | "take">;
  news: WarmNews;
  runs: SessionRuns;
  tokenSecret: Secret;
  abilities: Pick<Abilities, "lookAhead">;
  model: string | undefined;
  stopping: AbortSignal;
  log: BusinessEvents;
}

/** The door of workers that wait for a run: they come in once, ask for what they are given, and take it. */
export function addStandbyRoutes(scope: FastifyInstance, ports: StandbyPorts): void {
  const { pool, tokenSecret, log } = ports;
  const secret = tokenSecret.reveal();

  scope.post("/standby", async (request): Promise<StandbyAccepted> => {
    const { standbyToken } = StandbyRequest.parse(request.body);
    const { kind, member, expiresAt } = await verifyStandbyToken(standbyToken, { secret });
    if (kind !== "standby") throw outOfScope();
    if ((await pool.arrive(member)) === "refused") throw standbyOver();
    log.warmWorkerReady(member);
    return {
      waitingToken: await signStandbyToken({ kind: "waiting", member }, { secret, expiresAt }),
      waitUntil: expiresAt,
    };
  });

  scope.register(async (waiting) => {
    waiting.decorateRequest("standby");
    waiting.addHook("onRequest", async (request) => {
      const token = bearerToken(request.headers);
      if (token === undefined) throw tokenMissing();
      const claims = await verifyStandbyToken(token, { secret });
      if (claims.kind !== "waiting") throw outOfScope();
      request.setDecorator<StandbyTokenClaims>("standby", claims);
    });

    waiting.get("/standby/order", async (request, reply): Promise<StandbyNews> => {
      const { waitSeconds } = OrderQuery.parse(request.query);
      const giveUp = AbortSignal.any([connectionClosed(reply.raw), ports.stopping]);
      const member = memberOf(request);
      const status = await lookUntilNews({
        look: () => pool.look(member),
        isNews: (seen) => seen !== "waiting",
        heard: (options) => ports.news.next(member, options),
        waitSeconds,
        giveUp,
      });
      return { status };
    });

    waiting.post("/standby/take", async (request): Promise<TakenRun> => takeRun(ports, memberOf(request)));
  });
}

function memberOf(request: FastifyRequest): string {
  return request.getDecorator<StandbyTokenClaims>("standby").member;
}

/** The offered run becomes the member's. Nobody but the member has its waiting token, so a lost answer may be asked for again. */
async function takeRun(
  { pool, runs, tokenSecret, abilities, model, log }: StandbyPorts,
  member: string,
): Promise<TakenRun> {
  const taken = await pool.take(member);
  if (taken === "over") throw standbyOver();
  const { order, isAgain } = taken;
  await faultPoint("gateway.after-take");
  const claim = await runs.claim(order.sessionKey, order.epoch);
  if (claim === "fenced") throw fenced();
  if (claim === "already-claimed" && !isAgain) throw startTokenUsed();
  const run = await preparedRunOf(runs, order);
  abilities.lookAhead(run.repository);
  const tokens = await issueTokens(run, tokenSecret);
  log.warmWorkerTook(order, member);
  return { tokens, assignment: assignmentOf(run, model) };
}

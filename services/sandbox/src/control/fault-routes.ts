import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import type { Fault as ClaudeFault, ClaudeStandIn } from "../claude/index.ts";
import type { Faults, FaultKind as HttpFault } from "../fault-injection.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { InjectFault, type StandInName } from "./api.ts";
import { ControlProblem, parseRequest } from "./control-problem.ts";

/** The stand-ins as far as they can be made to fail. */
export interface FaultyStandIns {
  slack: Pick<SlackStandIn, "faults">;
  github?: { faults: Faults };
  claude?: Pick<ClaudeStandIn, "failNext" | "faults">;
  gcs?: { faults: Faults };
}

type Wish = z.output<typeof InjectFault>;

/** POST, GET, DELETE /sandbox/faults: makes the stand-ins fail, from outside this process. */
export function addFaultRoutes(scope: FastifyInstance, standIns: FaultyStandIns): void {
  const { slack, github, claude, gcs } = standIns;
  const pending = (): Record<StandInName, number> => ({
    slack: slack.faults.list().reduce((sum, { count }) => sum + count, 0),
    github: github?.faults.pending() ?? 0,
    claude: claude?.faults.pending() ?? 0,
    gcs: gcs?.faults.pending() ?? 0,
  });

  scope.get("/sandbox/faults", async () => ({ faults: slack.faults.list(), pending: pending() }));
  scope.post("/sandbox/faults", async ({ body }) => {
    inject(parseRequest(InjectFault, body), standIns);
    return { ok: true, faults: slack.faults.list(), pending: pending() };
  });
  scope.delete("/sandbox/faults", async () => {
    for (const standIn of [slack, github, claude, gcs]) standIn?.faults.clear();
    return { ok: true, faults: [], pending: pending() };
  });
}

/** @throws ControlProblem when that stand-in cannot fail in that way */
function inject(wish: Wish, { slack, github, claude, gcs }: FaultyStandIns): void {
  switch (wish.standIn) {
    case "slack":
      if (wish.kind === "status") throw impossible(wish);
      slack.faults.inject(wish);
      break;
    case "github":
      injectHttp(wish, github?.faults);
      break;
    case "gcs":
      injectHttp(wish, gcs?.faults);
      break;
    case "claude": {
      if (claude === undefined) throw notPlayed(wish);
      const { sessionKey, count: times } = wish;
      claude.failNext({ fault: claudeFault(wish), times, ...(sessionKey === undefined ? {} : { sessionKey }) });
      break;
    }
    default:
      wish.standIn satisfies never;
  }
}

function injectHttp(wish: Wish, faults: Faults | undefined): void {
  if (faults === undefined) throw notPlayed(wish);
  const { match, count } = wish;
  faults.failNext({ ...httpFault(wish), count, ...(match === undefined ? {} : { match: literally(match) }) });
}

function httpFault(wish: Wish): HttpFault {
  switch (wish.kind) {
    case "status":
      return { status: wish.status };
    case "500":
      return { status: 500 };
    case "429":
      return { status: 429, headers: { "retry-after": String(wish.retryAfterSeconds) } };
    case "500-after-effect":
      return { afterEffect: true };
    case "timeout":
      return { timeout: true, ...(wish.cutAfterMs === undefined ? {} : { cutAfterMs: wish.cutAfterMs }) };
    case "disconnect":
      return { disconnect: true };
    default:
      throw impossible(wish);
  }
}

function claudeFault(wish: Wish): ClaudeFault {
  switch (wish.kind) {
    case "status":
      return { kind: "status", status: wish.status };
    case "500":
      return { kind: "status", status: 500 };
    case "429":
      return { kind: "status", status: 429, retryAfterSeconds: wish.retryAfterSeconds };
    case "500-after-effect":
      return { kind: "stream-error" };
    case "timeout":
      return { kind: "hang", ...(wish.cutAfterMs === undefined ? {} : { cutAfterMs: wish.cutAfterMs }) };
    case "disconnect":
      return { kind: "cut" };
    default:
      throw impossible(wish);
  }
}

function impossible({ standIn, kind }: Wish): ControlProblem {
  return new ControlProblem(`kind: ${standIn} cannot fail with ${kind}`);
}

function notPlayed({ standIn }: Wish): ControlProblem {
  return new ControlProblem(`standIn: ${standIn} is not played here`);
}

function literally(text: string): RegExp {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}

import { setTimeout as pause } from "node:timers/promises";
import type { FaultPoint } from "@peerbot/runtime";
import { createArmedPoints } from "./armed-points.ts";
import { createChaosSandbox } from "./chaos-sandbox.ts";
import { type ChaosStack, startChaosStack } from "./chaos-stack.ts";
import type { Tried } from "./coverage.ts";
import { findViolations } from "./find-violations.ts";
import { endFaults, type FaultCounts, injectFaults } from "./inject-faults.ts";
import type { Observation, Violation } from "./observation.ts";
import { observe } from "./observe.ts";
import { type ChaosRequest, planChaos, type SessionPlan } from "./plan-chaos.ts";
import { playSession } from "./play-session.ts";
import { settle } from "./settle.ts";
import { watchRedis } from "./watch-redis.ts";

export interface ChaosRun extends ChaosRequest {
  /** For everything that is kept; must be empty. */
  dataDir: string;
  /** How many times as long as planned the pauses between faults are; 1 unless told. */
  slow?: number;
  /** No new fault after this time, in milliseconds. */
  faultsForMs?: number;
  /** How long things may take to become quiet after the last deed. */
  settleMs: number;
  report: (message: string) => void;
  /** The tree whose services are tried; this one unless told. */
  root?: string;
  /** The named points that are armed; all unless told. */
  points?: readonly FaultPoint[];
  /** Aborting it ends everything at once, without a result. */
  signal?: AbortSignal;
}

export interface ChaosResult extends Tried {
  sessions: number;
  seed: number;
  seconds: number;
  observation: Observation;
  violations: Violation[];
}

/** So many people talk at once at most: this machine's workers are few. */
const MAX_TALKING = 12;

/** Starts everything, plays the sessions under fire, waits for quiet and looks what was broken. @throws when aborted */
export async function runChaos(run: ChaosRun): Promise<ChaosResult> {
  await using chaos = await startChaosStack(run.dataDir, run.root === undefined ? {} : { root: run.root });
  return await Promise.race([breakAndLook(run, chaos), aborted(run.signal)]);
}

async function breakAndLook(run: ChaosRun, chaos: ChaosStack): Promise<ChaosResult> {
  const startedAt = performance.now();
  const { report, sessions, seed } = run;
  const plan = planChaos(run);
  const { plan: stackPlan, redis } = chaos.stack;
  const sandbox = createChaosSandbox(stackPlan.sandboxUrl ?? "");
  await using watch = watchRedis(redis);
  const { team } = await sandbox.state();
  report(`The stack is up in ${run.dataDir}; ${sessions} sessions begin.`);

  const points = createArmedPoints(chaos.pointsDir, run.points);
  const faultCounts = slackFaults(plan.sessions);
  const over = new AbortController();
  const timer = run.faultsForMs === undefined ? undefined : setTimeout(() => over.abort(), run.faultsForMs);
  const injecting = injectFaults(plan.faults, {
    chaos,
    sandbox,
    points,
    over: over.signal,
    counts: faultCounts,
    slow: run.slow ?? 1,
  });
  injecting.catch(() => over.abort()); // Awaited below; the sessions go on until then.
  const played = await playAll(plan.sessions, async (session) => {
    const result = await playSession(session, sandbox, team.id);
    return result === undefined ? [] : [result];
  });
  over.abort();
  clearTimeout(timer);
  await injecting;
  const unmet = await endFaults({ chaos, sandbox, points });
  report("All was said, and nothing breaks any more; waiting for quiet.");

  const ports = { sandbox, watch, chaos };
  const isQuiet = await settle(played, ports, { timeoutMs: run.settleMs, report });
  const observation = await observe(played, ports, { isQuiet });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const hits = await points.hits();
  const violations = findViolations(observation);
  return { sessions, seed, seconds, faultCounts, hits, unmet, observation, violations };
}

/** What the sessions themselves bring along: Slack telling of messages again and late. */
function slackFaults(sessions: readonly SessionPlan[]): FaultCounts {
  const said = sessions.flatMap(({ steps }) => steps.flatMap((step) => (step.do === "say" ? [step.delivery] : [])));
  const again = said.filter(({ duplicates }) => duplicates > 0);
  const count = {
    "deliver again at once": again.filter(({ duplicateDelayMs }) => duplicateDelayMs === 0).length,
    "deliver again later": again.filter(({ duplicateDelayMs }) => duplicateDelayMs > 0).length,
    "deliver late": said.filter(({ delayMs }) => delayMs > 0).length,
  };
  return new Map(Object.entries(count).filter(([, times]) => times > 0));
}

/** Rejects once the signal aborts. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("stopped before it was done")), { once: true });
  });
}

/** Begins one after the other, with their pauses, while no more than `MAX_TALKING` go on. */
async function playAll<Plan extends { pauseMs: number }, Played>(
  plans: readonly Plan[],
  play: (plan: Plan) => Promise<Played[]>,
): Promise<Played[]> {
  const playing = new Set<Promise<void>>();
  const played: Played[][] = plans.map(() => []);
  for (const [index, plan] of plans.entries()) {
    await pause(plan.pauseMs);
    while (playing.size >= MAX_TALKING) await Promise.race(playing);
    const task = play(plan)
      .then((result) => {
        played[index] = result;
      })
      .finally(() => playing.delete(task));
    playing.add(task);
  }
  await Promise.all(playing);
  return played.flat();
}

import { setTimeout as pause } from "node:timers/promises";
import { createChaosSandbox } from "./chaos-sandbox.ts";
import { type ChaosStack, startChaosStack } from "./chaos-stack.ts";
import { findViolations } from "./find-violations.ts";
import { endFaults, type FaultCounts, injectFaults, readHits } from "./inject-faults.ts";
import type { Observation, Violation } from "./observation.ts";
import { observe } from "./observe.ts";
import { type ChaosRequest, planChaos } from "./plan-chaos.ts";
import { playSession } from "./play-session.ts";
import { settle } from "./settle.ts";
import { watchRedis } from "./watch-redis.ts";

export interface ChaosRun extends ChaosRequest {
  /** For everything that is kept; must be empty. */
  dataDir: string;
  /** No new fault after this time, in milliseconds. */
  faultsForMs?: number;
  /** How long things may take to become quiet after the last deed. */
  settleMs: number;
  report: (message: string) => void;
  /** Aborting it ends everything at once, without a result. */
  signal?: AbortSignal;
}

export interface ChaosResult extends ChaosRequest {
  seconds: number;
  /** Injected faults by kind; points are in `hits`. */
  faultCounts: FaultCounts;
  /** How often each named point struck. */
  hits: ReadonlyMap<string, number>;
  observation: Observation;
  violations: Violation[];
}

/** So many people talk at once at most: this machine's workers are few. */
const MAX_TALKING = 12;

/** Starts everything, plays the sessions under fire, waits for quiet and looks what was broken. @throws when aborted */
export async function runChaos(run: ChaosRun): Promise<ChaosResult> {
  await using chaos = await startChaosStack(run.dataDir, { report: () => {} });
  return await Promise.race([breakAndLook(run, chaos), aborted(run.signal)]);
}

async function breakAndLook(run: ChaosRun, chaos: ChaosStack): Promise<ChaosResult> {
  const startedAt = performance.now();
  const { report, sessions, seed, faults } = run;
  const plan = planChaos({ sessions, seed, faults });
  const { plan: stackPlan, redis } = chaos.stack;
  const sandbox = createChaosSandbox(stackPlan.sandboxUrl ?? "");
  await using watch = watchRedis(redis);
  const { team } = await sandbox.state();
  report(`The stack is up in ${run.dataDir}; ${sessions} sessions begin.`);

  const faultCounts: FaultCounts = new Map();
  const over = new AbortController();
  const timer = run.faultsForMs === undefined ? undefined : setTimeout(() => over.abort(), run.faultsForMs);
  const injecting = injectFaults(plan.faults, { chaos, sandbox, over: over.signal, counts: faultCounts });
  injecting.catch(() => over.abort()); // Awaited below; the sessions go on until then.
  const played = await playAll(plan.sessions, async (session) => {
    const result = await playSession(session, sandbox, team.id);
    return result === undefined ? [] : [result];
  });
  over.abort();
  clearTimeout(timer);
  await injecting;
  await endFaults({ chaos, sandbox });
  report("All was said, and nothing breaks any more; waiting for quiet.");

  const ports = { sandbox, watch, runsDir: chaos.runsDir };
  const isQuiet = await settle(played, ports, { timeoutMs: run.settleMs });
  const observation = await observe(played, ports, { isQuiet });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const hits = await readHits(chaos.pointsDir);
  return { sessions, seed, faults, seconds, faultCounts, hits, observation, violations: findViolations(observation) };
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

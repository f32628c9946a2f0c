import type { WarmMember, WarmPlan } from "@peerbot/warm-pool";

export interface Upkeep {
  /** Members that are to get no run any more… */
  retire: string[];
  /** …because their worker did not arrive in time. */
  isLate: boolean;
  /** Members whose worker is to be removed. */
  remove: string[];
}

export interface PoolSituation {
  members: readonly WarmMember[];
  plan: WarmPlan;
  /** Milliseconds since 1970. */
  now: number;
  /** How long a worker may take to arrive. */
  startPatienceMs: number;
  /** How long a worker may wait. */
  maxAgeMs: number;
}

/** Whom launchers in charge of the pool end now. What is missing after that the pool itself knows best. */
export function decideUpkeep({ members, plan, now, startPatienceMs, maxAgeMs }: PoolSituation): Upkeep {
  const idle = members.filter(({ state }) => state === "starting" || state === "ready");
  const leaving = members.filter(({ state }) => state === "leaving");
  const late = idle.filter(({ state, at }) => state === "starting" && now - at > startPatienceMs);
  const unfit = idle.filter(({ generation }) => generation !== plan.generation);
  const fit = idle.filter((member) => !late.includes(member) && !unfit.includes(member));
  // Those that were started together grow old together: one at a time, or for a while there would be none.
  const isSettled = leaving.length === 0 && fit.every(({ state }) => state === "ready");
  const old = isSettled ? fit.filter(({ at }) => now - at > maxAgeMs).slice(0, 1) : [];
  const kept = fit.filter((member) => !old.includes(member)).toSorted((a, b) => b.at - a.at);
  const surplus = kept.slice(plan.size);
  return {
    retire: namesOf([...late, ...unfit, ...old, ...surplus]),
    isLate: late.length > 0,
    remove: namesOf(leaving),
  };
}

function namesOf(members: readonly WarmMember[]): string[] {
  return members.map(({ name }) => name);
}

import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { signStandbyToken } from "@peerbot/contracts";
import { faultPoint, Secret } from "@peerbot/runtime";
import { isWarmName, newWarmName, type WarmMember, type WarmPool } from "@peerbot/warm-pool";
import type { BusinessEvents } from "../business-events.ts";
import type { SessionRunner } from "../runner/session-runner.ts";
import { decideUpkeep } from "./decide-upkeep.ts";

export interface KeepPoolPorts {
  pool: WarmPool;
  /** Starts and ends the workers themselves, whatever runs they have. */
  runner: SessionRunner;
  business: Pick<BusinessEvents, "warmWorkerFailed" | "warmWorkerEnded" | "strangeWarmWorker" | "poolFailed">;
}

export interface KeepPoolSettings {
  /** How many workers wait, of all launchers together. */
  size: number;
  generation: string;
  gatewayUrl: string;
  tokenSecret: Secret;
  logLevel: string;
  /** Between two looks, in milliseconds. */
  everyMs: number;
}

export interface PoolKeeper extends AsyncDisposable {
  /** A worker was used: looks after the pool before its time. */
  refill(): void;
}

/** A new worker takes a second of processor time that the run which took the last one needs more. */
const REFILL_PAUSE_MS = 2_000;
/** Nothing that waits gets any fresher. */
const MAX_AGE_MS = 3_600_000;
/** Time for an image to be pulled, or for a node to be added. */
const START_PATIENCE_MS = 5 * 60_000;
/** The worker leaves, or is ended by the runner, should nobody else see to it. */
const MARGIN_MS = 60_000;
/** Leftovers are rare, and looking for them asks the runner for a list. */
const LOOKS_PER_TIDY = 6;
const LONGEST_BACK_OFF_MS = 5 * 60_000;
/** Whoever decided for a worker has this long to start it. */
const SETTLING_MS = 60_000;

/** Stands for everything that makes a waiting worker fit for a run of this launcher's. */
export function generationOf(
  { fit }: Pick<SessionRunner, "fit">,
  { gatewayUrl, logLevel }: Pick<KeepPoolSettings, "gatewayUrl" | "logLevel">,
): string {
  return createHash("sha256")
    .update(JSON.stringify([fit, gatewayUrl, logLevel]))
    .digest("hex")
    .slice(0, 16);
}

/** Sees, together with the other launchers, that workers wait: starts them, replaces them, and ends those that no longer fit. */
export function keepPool(ports: KeepPoolPorts, settings: KeepPoolSettings): PoolKeeper {
  const { pool, runner, business } = ports;
  const leaving = new AbortController();
  const followed = new Map<string, Promise<void>>();
  const started = new Set<string>();
  let [failures, startAgainAt] = [0, 0];
  let [isNew, nextTidyAt] = [true, 0];
  let wake = Promise.withResolvers<void>();

  async function look(): Promise<void> {
    const { generation, size } = settings;
    const plan = await pool.announce({ generation, size }, { isNew });
    isNew = false;
    const members = await pool.members();
    if (members.some(({ name, state }) => state === "ready" && started.delete(name))) failures = 0;
    followThose(members);
    if (Date.now() >= nextTidyAt) {
      nextTidyAt = Date.now() + settings.everyMs * LOOKS_PER_TIDY;
      await forgetLeftovers();
    }
    if (plan.generation !== generation || plan.size !== size) return;
    const upkeep = decideUpkeep({
      members,
      plan,
      now: Date.now(),
      startPatienceMs: START_PATIENCE_MS,
      maxAgeMs: MAX_AGE_MS,
    });
    if (upkeep.isLate) backOff();
    for (const name of upkeep.retire) {
      started.delete(name);
      if ((await pool.retire(name)) === "leaving") await end(name);
    }
    for (const name of upkeep.remove) await end(name);
    while (!leaving.signal.aborted && Date.now() >= startAgainAt) if ((await startOne()) === "full") return;
  }

  async function startOne(): Promise<"started" | "full" | "failed"> {
    const { generation, gatewayUrl, logLevel, tokenSecret } = settings;
    const name = newWarmName();
    if ((await pool.reserve(name, generation)) === "full") return "full";
    await faultPoint("launcher.after-reserve");
    const expiresAt = Date.now() + MAX_AGE_MS + MARGIN_MS;
    const claims = { kind: "standby", member: name } as const;
    const token = await signStandbyToken(claims, { secret: tokenSecret.reveal(), expiresAt });
    const standbyToken = new Secret(token);
    try {
      await runner.start({ name, standbyToken, gatewayUrl, logLevel, deadlineAt: expiresAt + MARGIN_MS });
    } catch (error) {
      business.warmWorkerFailed(name, error);
      backOff();
      // It may live all the same, and have a run by now.
      if ((await pool.retire(name)) === "leaving") await end(name);
      return "failed";
    }
    await faultPoint("launcher.after-warm-start");
    started.add(name);
    follow(name);
    return "started";
  }

  function backOff(): void {
    failures += 1;
    startAgainAt = Date.now() + Math.min(LONGEST_BACK_OFF_MS, 1_000 * 2 ** (failures - 1));
  }

  async function end(name: string): Promise<void> {
    await runner.remove(name);
    await pool.drop(name);
  }

  /** A worker that is only starting may not have been started yet: whoever reserved its place knows. */
  function followThose(members: readonly WarmMember[]): void {
    for (const { name, state } of members) if (state === "ready") follow(name);
  }

  function follow(name: string): void {
    if (followed.has(name)) return;
    const following = seeItsEnd(name)
      .catch((error: unknown) => {
        if (!leaving.signal.aborted) business.poolFailed(error);
      })
      .finally(() => followed.delete(name));
    followed.set(name, following);
  }

  /** The end of a worker that has got a run meanwhile is the run's, and others see to it. */
  async function seeItsEnd(name: string): Promise<void> {
    const seen = await runner.ended(name, leaving.signal);
    const isAwaited = started.delete(name);
    if ((await pool.retire(name)) !== "leaving") return;
    business.warmWorkerEnded(name, seen);
    await runner.remove(name);
    // Before its place is free.
    if (isAwaited) backOff();
    await pool.drop(name);
    wake.resolve();
  }

  /** What a crash left behind: workers the pool knows nothing of, and decisions about runs whose workers are gone. */
  async function forgetLeftovers(): Promise<void> {
    const found = new Set(await runner.list());
    const known = new Set((await pool.members()).map(({ name }) => name));
    for (const name of [...found].filter((each) => isWarmName(each) && !known.has(each))) {
      business.strangeWarmWorker(name);
      await runner.remove(name);
    }
    for (const { run, member = run, at } of await pool.decisions()) {
      if (!found.has(member) && Date.now() - at > SETTLING_MS) await pool.release(run);
    }
  }

  async function keep(): Promise<void> {
    while (!leaving.signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (!leaving.signal.aborted) business.poolFailed(error);
      }
      const time = pause(settings.everyMs, undefined, { signal: leaving.signal }).catch(() => undefined); // aborted: the loop ends
      await Promise.race([time, wake.promise]);
      wake = Promise.withResolvers<void>();
    }
  }

  const keeping = keep();
  return {
    refill() {
      void pause(REFILL_PAUSE_MS, undefined, { signal: leaving.signal, ref: false }).then(
        () => wake.resolve(),
        () => undefined, // aborted
      );
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await keeping;
      await Promise.all(followed.values());
    },
  };
}

import { faultPoint } from "@peerbot/runtime";
import { isWarmName, type WarmNews, type WarmPool } from "@peerbot/warm-pool";
import type { BusinessEvents } from "../business-events.ts";
import type { RunSpec, SessionRunner } from "../runner/session-runner.ts";

export interface WarmRunnerParts {
  /** Starts and ends the workers themselves. It is not disposed with this one. */
  runner: SessionRunner;
  pool: WarmPool;
  news: WarmNews;
  /** Warm workers of this generation are used; unset: none. */
  generation: string | undefined;
  /** Called when a worker was taken from the pool, or turned out to be unusable. */
  onUsed: () => void;
  business: Pick<BusinessEvents, "warmDecided" | "warmGivenUp">;
}

/** A worker that lives takes its run within milliseconds; one that has not by then gets none any more. */
const TAKE_MS = 1_500;
const LOOK_MS = 250;

/**
 * A runner whose runs are done by workers that wait, where one is ready, and by workers of their own elsewhere. Which it is
 * stands in the pool, so that every launcher means the same worker by a run's name.
 */
export function createWarmRunner({ runner, pool, news, generation, onUsed, business }: WarmRunnerParts): SessionRunner {
  const workerOf = async (run: string): Promise<string> => (await pool.memberOf(run)) ?? run;

  async function startRun(run: RunSpec): Promise<"started" | "already-exists"> {
    const { name, sessionKey, epoch } = run;
    const wanted = isOrdinary(run) ? generation : undefined;
    const decision = await pool.decide(name, { sessionKey, epoch }, wanted);
    await faultPoint("launcher.after-decide");
    if (decision.kind === "cold") {
      const answer = await runner.start(run);
      if (answer === "started" && wanted !== undefined) business.warmDecided(run, "miss");
      return answer;
    }
    onUsed();
    const { member } = decision;
    const [isTaken] = await Promise.all([untilTaken(member), runner.assign(member, run)]);
    if (isTaken || (await pool.withdraw(name)) === "taken") {
      if (decision.isNew) business.warmDecided(run, "hit");
      return decision.isNew ? "started" : "already-exists";
    }
    business.warmGivenUp(run, member);
    onUsed();
    await faultPoint("launcher.after-withdraw");
    return runner.start(run);
  }

  /** False when the member is gone, or has not taken its run for too long. */
  async function untilTaken(member: string): Promise<boolean> {
    const over = new AbortController();
    const isGone = runner.ended(member, over.signal).then(
      () => over.abort(),
      () => undefined, // aborted by us, or unknown why: then the time decides
    );
    const giveUpAt = performance.now() + TAKE_MS;
    try {
      for (;;) {
        const remaining = giveUpAt - performance.now();
        // Listens before it looks: what comes in between is not slept through.
        const heard = news.next(member, { timeoutMs: Math.max(0, Math.min(remaining, LOOK_MS)), signal: over.signal });
        const state = await pool.stateOf(member);
        if (state === "taken") return true;
        if (state !== "offered" || over.signal.aborted || remaining <= 0) return false;
        await heard;
      }
    } finally {
      over.abort();
      await isGone;
    }
  }

  return {
    fit: runner.fit,
    assign: (name, run) => runner.assign(name, run),
    start: (worker) => ("startToken" in worker ? startRun(worker) : runner.start(worker)),
    ended: async (name, signal) => runner.ended(await workerOf(name), signal),
    stop: async (name, options) => runner.stop(await workerOf(name), options),

    async list() {
      // Asked first: whatever is started or decided after this answer is not in it.
      const names = await runner.list();
      const runs = new Map((await pool.decisions()).map(({ run, member }) => [member, run]));
      return names.flatMap((name) => (isWarmName(name) ? (runs.get(name) ?? []) : name));
    },

    async remove(name) {
      await runner.remove(await workerOf(name));
      await faultPoint("launcher.before-release");
      await pool.release(name);
    },

    [Symbol.asyncDispose]: async () => {}, // holds nothing of its own
  };
}

/** What asks for more than every worker has is not for one that was started before anybody asked. */
function isOrdinary({ size, docker = false }: RunSpec): boolean {
  return size === undefined && !docker;
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@peerbot/testing";
import { type RunningRedis, startRedis } from "@peerbot/testing/redis-server";
import { findWorkers } from "../stack/end-workers.ts";
import { type Stack, startStack } from "../stack/index.ts";
import type { Victim } from "./plan-chaos.ts";

/** A stack of its own that can be broken from outside. */
export interface ChaosStack extends AsyncDisposable {
  readonly stack: Stack;
  readonly runsDir: string;
  readonly pointsDir: string;
  /** False when it was not at work: a service that is still starting is left to it. */
  kill(victim: Victim): Promise<boolean>;
  /** Ends the redis-server and starts it again on the same data after a while. */
  killRedis(awayMs: number): Promise<void>;
  /** Ends the worker chosen by a number; false when none runs. */
  killWorker(choice: number): Promise<boolean>;
  /** Makes the next process that comes by a point end there. */
  arm(point: string): Promise<void>;
}

/** Times are shorter than in earnest, so that what takes over does so while somebody watches. */
const SETTINGS = {
  LOG_LEVEL: "info",
  MAX_CONCURRENT_RUNS: "5",
  RATE_LIMIT_MAX: "5",
  RATE_LIMIT_WINDOW_SECONDS: "10",
  SESSION_TIMEOUT_SECONDS: "300",
  STOP_GRACE_SECONDS: "5",
  TAKEOVER_SECONDS: "3",
  THREAD_LEASE_SECONDS: "3",
  // The limits of Slack hold, in a workspace that is allowed more: they are not what is tried here.
  SLACK_PACE: "1000",
  SLACK_RATE_LIMIT_PERCENT: "1200",
  // Sooner than Slack's, and no longer than those together.
  SLACK_RETRY_SECONDS: "0,1,3,10,30,60,120",
};

const RESTART_MS = 300;

export async function startChaosStack(
  dataDir: string,
  { report }: { report: (message: string) => void },
): Promise<ChaosStack> {
  await using starting = new AsyncDisposableStack();
  const pointsDir = join(dataDir, "points");
  const redisDir = join(dataDir, "redis");
  await mkdir(pointsDir, { recursive: true });
  const port = await freePort();
  const start = () => startRedis({ dataDir: redisDir, port });
  let redis: RunningRedis = await start();
  let restarting: Promise<void> = Promise.resolve();
  starting.defer(async () => {
    await restarting;
    await redis[Symbol.asyncDispose]();
  });
  const stack = starting.use(
    await startStack({
      dataDir,
      settings: { ...SETTINGS, FAULT_POINTS_DIR: pointsDir, REDIS_URL: redis.url },
      redisPrefix: "chaos",
      restartsCrashed: true,
      restartDelayMs: () => RESTART_MS,
      report,
    }),
  );
  const runsDir = join(dataDir, "runs");

  async function restartRedis(awayMs: number): Promise<void> {
    const pid = Number(await readFile(join(redisDir, "redis.pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    await redis.failed.catch(() => {}); // That it ended is what was wanted.
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    redis = await start();
  }

  const running = starting.move();
  return {
    stack,
    runsDir,
    pointsDir,
    async kill(victim) {
      if (!(await isReady(stack, victim))) return false;
      await stack.kill(victim, "SIGKILL");
      return true;
    },
    killRedis(awayMs) {
      restarting = restarting.then(() => restartRedis(awayMs));
      return restarting;
    },
    async killWorker(choice) {
      const workers = await findWorkers(runsDir);
      const pid = workers[choice % Math.max(1, workers.length)];
      return pid !== undefined && end(pid);
    },
    arm: (point) => writeFile(join(pointsDir, point), ""),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function isReady({ plan }: Stack, victim: Victim): Promise<boolean> {
  const url = plan.services.find(({ name }) => name === victim)?.readyUrl ?? "";
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

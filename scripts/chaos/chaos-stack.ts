import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@peerbot/testing";
import { type RunningRedis, startRedis } from "@peerbot/testing/redis-server";
import { openFrontDoor } from "../stack/front-door.ts";
import { FREE_PORTS, type Stack, startStack } from "../stack/index.ts";
import { openProcessRegister, type ProcessRegister } from "../stack/process-register.ts";
import { createServiceProcess } from "../stack/service-process.ts";
import { FAR_FOLDER } from "./far-machine.ts";
import { createMachines, type Machines } from "./machines.ts";
import { VICTIMS, type Victim } from "./plan-chaos.ts";
import { createReplica, type Replica } from "./replica.ts";

/** A stack of its own that can be broken from outside: two replicas of each service, and a machine for each worker. */
export interface ChaosStack extends AsyncDisposable {
  readonly stack: Stack;
  readonly replicas: Readonly<Record<Victim, readonly Replica[]>>;
  readonly machines: Machines;
  /** Where processes of workers are found. */
  readonly workerFolders: readonly string[];
  readonly runsDir: string;
  readonly pointsDir: string;
  /** Ends the redis-server and starts it again on the same data after a while. */
  killRedis(awayMs: number): Promise<void>;
  /** Tells the next process that comes by a point what to do there. */
  arm(point: string, order: string): Promise<void>;
  /** Whatever stands still goes on, and what is being restarted is. */
  quieten(): Promise<void>;
}

/** Times are shorter than in earnest, so that what takes over does so while somebody watches. */
const SETTINGS = {
  LOG_LEVEL: "info",
  MAX_CONCURRENT_RUNS: "3",
  WARM_WORKERS: "4",
  RATE_LIMIT_MAX: "2",
  RATE_LIMIT_WINDOW_SECONDS: "12",
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
const ROOT = join(import.meta.dirname, "../..");

/** `root`: the tree whose services are tried; this one unless told. */
export async function startChaosStack(dataDir: string, { root = ROOT }: { root?: string } = {}): Promise<ChaosStack> {
  await using starting = new AsyncDisposableStack();
  const [pointsDir, farDir, runsDir] = ["points", FAR_FOLDER, "runs"].map((name) => join(dataDir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [pointsDir, farDir]) await mkdir(folder, { recursive: true });
  const redis = starting.use(await startFragileRedis(join(dataDir, "redis")));
  const ports = { ingress: [await freePort(), await freePort()], gateway: [await freePort(), await freePort()] };
  const frontOf = async (leadsTo: readonly number[]) =>
    starting.use(await openFrontDoor(await freePort(), { leadsTo, skipsDead: true }));
  const [ingress, gateway] = [await frontOf(ports.ingress), await frontOf(ports.gateway)];
  const machines = starting.use(createMachines(farDir));
  const stack = starting.use(
    await startStack({
      dataDir,
      root,
      settings: {
        ...SETTINGS,
        FAULT_POINTS_DIR: pointsDir,
        REDIS_URL: redis.url,
        WORKER_MAIN: join(root, "scripts/chaos/far-worker.ts"),
      },
      ports: { ...FREE_PORTS, ingress: ports.ingress[0] ?? 0, gateway: ports.gateway[0] ?? 0 },
      fronts: { ingress: ingress.url, gateway: gateway.url },
      redisPrefix: "chaos",
      restartsCrashed: true,
      restartDelayMs: () => RESTART_MS,
    }),
  );
  const register = starting.use(await openRegisterBeside(dataDir));
  const seconds = { ingress: ports.ingress[1] ?? 0, gateway: ports.gateway[1] ?? 0 };
  const replicas = await startReplicas(stack, { root, register, seconds, starting });
  const quieten = async () => {
    machines.thaw();
    await Promise.all(Object.values(replicas).flatMap((each) => each.map((replica) => replica.quieten())));
  };
  starting.defer(quieten);

  const running = starting.move();
  return {
    stack,
    replicas,
    machines,
    workerFolders: [runsDir, farDir],
    runsDir,
    pointsDir,
    killRedis: redis.kill,
    arm: (point, order) => writeFile(join(pointsDir, point), order),
    quieten,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface FragileRedis extends AsyncDisposable {
  readonly url: string;
  kill(awayMs: number): Promise<void>;
}

async function startFragileRedis(dataDir: string): Promise<FragileRedis> {
  const port = await freePort();
  let redis: RunningRedis = await startRedis({ dataDir, port });
  let restarting: Promise<void> = Promise.resolve();

  async function restart(awayMs: number): Promise<void> {
    const pid = Number(await readFile(join(dataDir, "redis.pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    await redis.failed.catch(() => {}); // That it ended is what was wanted.
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    redis = await startRedis({ dataDir, port });
  }

  return {
    url: redis.url,
    kill(awayMs) {
      restarting = restarting.then(() => restart(awayMs));
      return restarting;
    },
    async [Symbol.asyncDispose]() {
      await restarting;
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** The stack keeps a register of its own in the data folder. */
async function openRegisterBeside(dataDir: string): Promise<ProcessRegister> {
  const folder = join(dataDir, "second-replicas");
  await mkdir(folder, { recursive: true });
  return openProcessRegister(folder);
}

interface Beside {
  root: string;
  register: ProcessRegister;
  /** Ports of the second replicas. */
  seconds: { ingress: number; gateway: number };
  starting: AsyncDisposableStack;
}

/** The stack's own service and a second one with the same settings on other ports. */
async function startReplicas(stack: Stack, beside: Beside): Promise<Record<Victim, Replica[]>> {
  const pairs = await Promise.all(
    VICTIMS.map(async (name) => [name, [ownReplica(stack, name), await secondReplica(stack, name, beside)]] as const),
  );
  return Object.fromEntries(pairs) as unknown as Record<Victim, Replica[]>;
}

function ownReplica(stack: Stack, name: Victim): Replica {
  return createReplica({
    name: `${name} 1`,
    readyUrl: planOf(stack, name).readyUrl,
    pid: () => stack.pidOf(name),
    kill: (signal) => stack.kill(name, signal),
    stop: (graceMs) => stack.stop(name, graceMs),
    start: () => stack.restart(name),
  });
}

async function secondReplica(
  stack: Stack,
  name: Victim,
  { root, register, seconds, starting }: Beside,
): Promise<Replica> {
  const plan = planOf(stack, name);
  const internalPort = await freePort();
  const readyUrl = new URL(plan.readyUrl);
  readyUrl.port = String(internalPort);
  const environment = {
    ...plan.environment,
    INTERNAL_PORT: String(internalPort),
    ...(name === "ingress" ? { INGRESS_PORT: String(seconds.ingress) } : {}),
    ...(name === "gateway" ? { GATEWAY_PORT: String(seconds.gateway) } : {}),
  };
  const service = createServiceProcess({
    plan: { name, environment, readyUrl: readyUrl.href },
    root,
    logFile: join(stack.logDir, `${name}-2.log`),
    register,
    restartsCrashed: true,
    delayMs: () => RESTART_MS,
  });
  starting.defer(() => service.stop());
  await service.start();
  return createReplica({
    name: `${name} 2`,
    readyUrl: readyUrl.href,
    pid: () => service.pid,
    kill: (signal) => service.kill(signal),
    stop: (graceMs) => service.stop(graceMs),
    start: () => service.start(),
  });
}

function planOf({ plan }: Stack, name: Victim) {
  const service = plan.services.find((each) => each.name === name);
  if (service === undefined) throw new Error(`${name} is not part of this stack`);
  return service;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startRedis } from "@peerbot/testing/redis-server";
import { readVariables } from "../settings/read-variables.ts";
import { endWorkers } from "./end-workers.ts";
import { chooseOutsideWorld, type Settings } from "./outside-world.ts";
import { planStack, type StackPlan, type StackRequest } from "./plan-stack.ts";
import { choosePorts, FREE_PORTS, type StackPorts } from "./ports.ts";
import { openProcessRegister, type ProcessRegister } from "./process-register.ts";
import { problemsOfRunner } from "./runner-problems.ts";
import { SERVICE_NAMES, type ServiceName } from "./service-names.ts";
import { createServiceProcess, type ServiceProcess } from "./service-process.ts";
import { keptSecrets } from "./stack-secrets.ts";
import { systemVariables } from "./system-variables.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface StackOptions {
  /** Keeps everything the stack keeps: Redis, the sandbox, runs, logs, secrets. One stack at a time uses it. */
  dataDir: string;
  /** Settings of the operator; with none, everything outside is a stand-in. */
  settings?: Settings;
  /** Wished ports, 0 for any; free ones unless told. */
  ports?: StackPorts;
  /** Where several replicas of a service are reached together; see `StackRequest`. */
  fronts?: NonNullable<StackRequest["fronts"]>;
  /** The source tree the services are started from; this one unless told. */
  root?: string;
  /** First part of every Redis key; `peerbot` unless told. */
  redisPrefix?: string;
  /** Whether crashed services are started again by themselves. False unless told. */
  restartsCrashed?: boolean;
  /** Milliseconds before the n-th start in a row of a service that crashes; growing up to half a minute unless told. */
  restartDelayMs?: (crashesInARow: number) => number;
  /** Given every line a service prints; they are kept in `{dataDir}/logs/{service}.log` in any case. */
  onLine?: (service: ServiceName, line: string) => void;
  /** Told what an operator may want to know: a port that was taken, a service that crashed. */
  report?: (message: string) => void;
}

export interface Stack extends AsyncDisposable {
  readonly plan: StackPlan;
  readonly redis: { readonly url: string; readonly prefix: string };
  readonly logDir: string;
  /** Unset while the service does not run. */
  pidOf(name: ServiceName): number | undefined;
  /** Stops a service gracefully, if it runs; it is ended when it does not stop within `graceMs`. */
  stop(name: ServiceName, graceMs?: number): Promise<void>;
  /** Stops a service gracefully, if it runs, and starts it; resolves when it is ready. */
  restart(name: ServiceName): Promise<void>;
  /** Sends a service a signal unannounced; waits for the end if that is SIGKILL. */
  kill(name: ServiceName, signal: NodeJS.Signals): Promise<void>;
  /** Rejects when the private Redis ends by itself: nothing works then. */
  readonly failed: Promise<never>;
}

/**
 * Starts Redis and all services as separate processes and waits until each is ready. Disposing stops everything,
 * workers too, in an order that lets each finish its work.
 * @throws when a service does not come up, with its last words; what was started is stopped again.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const report = options.report ?? (() => {});
  const settings = options.settings ?? {};
  const world = chooseOutsideWorld(settings);
  const problems = [...world.problems, ...problemsOfRunner(settings)];
  if (problems.length > 0) throw new Error(problems.join("\n"));

  await using starting = new AsyncDisposableStack();
  const logDir = join(options.dataDir, "logs");
  // What people wrote, and secrets: for nobody else on the machine.
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  await mkdir(logDir, { recursive: true });
  const register = starting.use(await openProcessRegister(options.dataDir));
  const server = starting.use(
    await startRedis({ dataDir: join(options.dataDir, "redis"), url: settings.REDIS_URL, report }),
  );
  const redis = { url: server.url, prefix: options.redisPrefix ?? settings.REDIS_PREFIX ?? "peerbot" };
  const { ports, replaced } = await choosePorts(options.ports ?? FREE_PORTS);
  for (const message of replaced) report(message);

  const plan = planStack({
    settings,
    real: world.real,
    variables: await readVariables(ROOT, SERVICE_NAMES),
    ports,
    secrets: await keptSecrets(options.dataDir),
    dataDir: options.dataDir,
    redis,
    ...(options.fronts === undefined ? {} : { fronts: options.fronts }),
    system: systemVariables(process.env),
  });
  const services = createServices(plan, { options, logDir, register, report });
  const { playedCluster } = plan;
  if (playedCluster !== undefined) {
    await writeFile(playedCluster.kubeconfigFile, playedCluster.kubeconfig, { mode: 0o600 });
  }
  const workerFolders = [
    join(options.dataDir, "runs"),
    ...(playedCluster === undefined ? [] : [playedCluster.podsDir]),
  ];
  starting.defer(() => stopServices(services, workerFolders));
  await Promise.all([...services.values()].map((service) => service.start()));

  const running = starting.move();
  return {
    plan,
    redis,
    logDir,
    failed: server.failed,
    pidOf: (name) => services.get(name)?.pid,
    stop: (name, graceMs) => serviceCalled(services, name).stop(graceMs),
    async restart(name) {
      const service = serviceCalled(services, name);
      await service.stop();
      await service.start();
    },
    kill: (name, signal) => serviceCalled(services, name).kill(signal),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type Services = ReadonlyMap<ServiceName, ServiceProcess>;

interface CreateContext {
  options: StackOptions;
  logDir: string;
  register: ProcessRegister;
  report: (message: string) => void;
}

function createServices(plan: StackPlan, { options, logDir, register, report }: CreateContext): Services {
  return new Map(
    plan.services.map((service) => [
      service.name,
      createServiceProcess({
        plan: service,
        root: options.root ?? ROOT,
        logFile: join(logDir, `${service.name}.log`),
        register,
        restartsCrashed: options.restartsCrashed ?? false,
        ...(options.restartDelayMs === undefined ? {} : { delayMs: options.restartDelayMs }),
        onLine: (line) => options.onLine?.(service.name, line),
        onCrash: report,
      }),
    ]),
  );
}

function serviceCalled(services: Services, name: ServiceName): ServiceProcess {
  const service = services.get(name);
  if (service === undefined) throw new Error(`${name} is not part of this stack: everything outside is real`);
  return service;
}

/** First what lets work in, then the workers, who save through the gateway, then what they need. */
async function stopServices(services: Services, workerFolders: readonly string[]): Promise<void> {
  await Promise.all([services.get("ingress")?.stop(), services.get("launcher")?.stop()]);
  for (const folder of workerFolders) await endWorkers(folder);
  await Promise.all([services.get("gateway")?.stop(), services.get("streamer")?.stop()]);
  await services.get("sandbox")?.stop();
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KUBERNETES_PREFIX, KUBERNETES_TOKEN } from "@peerbot/sandbox/kubernetes";
import { freePort } from "@peerbot/testing";
import { startRedis } from "@peerbot/testing/redis-server";
import { z } from "zod";
import { readVariables } from "../settings/read-variables.ts";
import { endWorkers } from "../stack/end-workers.ts";
import { type FrontDoor, openFrontDoor } from "../stack/front-door.ts";
import type { Settings } from "../stack/outside-world.ts";
import { planStack, type ServicePlan, type StackPlan } from "../stack/plan-stack.ts";
import type { PlayedCluster } from "../stack/played-cluster.ts";
import { choosePorts, FREE_PORTS } from "../stack/ports.ts";
import { openProcessRegister } from "../stack/process-register.ts";
import { SERVICE_NAMES, type ServiceName } from "../stack/service-names.ts";
import { createServiceProcess, type ServiceProcess } from "../stack/service-process.ts";
import { keptSecrets } from "../stack/stack-secrets.ts";
import { systemVariables } from "../stack/system-variables.ts";

const ROOT = join(import.meta.dirname, "../..");
export const DEPLOYED = ["ingress", "gateway", "launcher", "streamer"] as const;
export type Deployed = (typeof DEPLOYED)[number];

/** As the chart: a pod that leaves goes on answering until everybody knows, then it has this long. */
const KNOWN_MS = 500;
const GRACE_MS = 35_000;
/** On a machine that is busy with all the sessions. */
const READY_MS = 120_000;

/** Every service in several replicas, which can be replaced as Kubernetes replaces those of a Deployment. */
export interface ReplicatedStack extends AsyncDisposable {
  readonly plan: StackPlan;
  readonly redis: { readonly url: string; readonly prefix: string };
  /** Where the workers live. */
  readonly runsDir: string;
  /** What their folders there are called. */
  folderNamesOf(workers: readonly string[]): Promise<string[]>;
  /** Replaces the replicas one by one: the new one, told otherwise where `changes` say so, is ready before the old one is asked to leave. */
  roll(name: Deployed, changes: Changes): Promise<void>;
}

type Changes = Readonly<Record<string, string>>;

interface Replica {
  process: ServiceProcess;
  port: number;
}

export async function startReplicatedStack({
  dataDir,
  settings,
  replicas,
}: {
  dataDir: string;
  settings: Settings;
  replicas: number;
}): Promise<ReplicatedStack> {
  await using starting = new AsyncDisposableStack();
  const logDir = join(dataDir, "logs");
  await mkdir(logDir, { recursive: true });
  const register = starting.use(await openProcessRegister(dataDir));
  const server = starting.use(await startRedis({ dataDir: join(dataDir, "redis") }));
  const redis = { url: server.url, prefix: "rollout" };
  const { ports } = await choosePorts(FREE_PORTS);
  const plan = planStack({
    ...{ settings, real: [], ports, dataDir, redis },
    variables: await readVariables(ROOT, SERVICE_NAMES),
    secrets: await keptSecrets(dataDir),
    system: systemVariables(process.env),
  });
  const { playedCluster } = plan;
  if (playedCluster !== undefined) await writeFile(playedCluster.kubeconfigFile, playedCluster.kubeconfig);
  const runsDir = playedCluster?.podsDir ?? join(dataDir, "runs");

  const serviceOf = (service: ServicePlan) =>
    createServiceProcess({
      plan: service,
      root: ROOT,
      logFile: join(logDir, `${service.name}.log`),
      register,
      restartsCrashed: false,
      readyTimeoutMs: READY_MS,
    });
  const planOf = (name: ServiceName): ServicePlan => {
    const found = plan.services.find((service) => service.name === name);
    if (found === undefined) throw new Error(`${name} is not part of the plan`);
    return found;
  };
  const sandbox = serviceOf(planOf("sandbox"));
  starting.defer(() => sandbox.stop());
  await sandbox.start();

  const doors: Partial<Record<Deployed, FrontDoor>> = {
    ingress: starting.use(await openFrontDoor(ports.ingress)),
    gateway: starting.use(await openFrontDoor(ports.gateway)),
  };
  const running = new Map<Deployed, Replica[]>(DEPLOYED.map((name) => [name, []]));
  const stop = async (...names: Deployed[]) => {
    const all = names.flatMap((name) => running.get(name) ?? []);
    await Promise.all(all.map((replica) => replica.process.stop()));
  };
  starting.defer(async () => {
    await stop("ingress", "launcher");
    await endWorkers(runsDir, 3_000);
    await stop("gateway", "streamer");
  });

  async function add(name: Deployed, changes: Changes = {}): Promise<void> {
    const [port, internal] = [await freePort(), await freePort()];
    const service = planOf(name);
    const own = { INTERNAL_PORT: String(internal), INGRESS_PORT: String(port), GATEWAY_PORT: String(port) };
    const kept = Object.fromEntries(Object.entries(own).filter(([variable]) => variable in service.environment));
    const readyUrl = `http://127.0.0.1:${internal}/ready`;
    const process = serviceOf({ name, environment: { ...service.environment, ...changes, ...kept }, readyUrl });
    running.get(name)?.push({ process, port });
    await process.start();
    doors[name]?.open(port);
  }

  for (let count = 0; count < replicas; count += 1) await Promise.all(DEPLOYED.map((name) => add(name)));
  const all = starting.move();
  return {
    plan,
    redis,
    runsDir,
    folderNamesOf: async (workers) =>
      playedCluster === undefined ? [...workers] : podFolderNames(playedCluster, plan.sandboxUrl ?? "", workers),
    async roll(name, changes) {
      for (const old of [...(running.get(name) ?? [])]) {
        await add(name, changes);
        doors[name]?.close(old.port);
        await pause(KNOWN_MS);
        await old.process.stop(GRACE_MS);
        running.set(name, running.get(name)?.filter((replica) => replica !== old) ?? []);
      }
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const Pods = z.object({
  items: z.array(
    z.object({ metadata: z.object({ uid: z.string(), labels: z.record(z.string(), z.string()).optional() }) }),
  ),
});

/** The folders of a played cluster's pods are called by the pods' uids. */
async function podFolderNames(
  { namespace }: PlayedCluster,
  sandboxUrl: string,
  workers: readonly string[],
): Promise<string[]> {
  const response = await fetch(`${sandboxUrl}${KUBERNETES_PREFIX}/api/v1/namespaces/${namespace}/pods`, {
    headers: { authorization: `Bearer ${KUBERNETES_TOKEN}` },
  });
  if (!response.ok) throw new Error(`the played cluster answered ${response.status} about its pods`);
  return Pods.parse(await response.json()).items.flatMap(({ metadata: { uid, labels } }) =>
    workers.includes(labels?.["job-name"] ?? "") ? [uid] : [],
  );
}

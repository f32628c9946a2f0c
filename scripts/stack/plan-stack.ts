import { join } from "node:path";
import { outsideSettings, pickSettings, standInsBeside } from "./outside-settings.ts";
import { OUTSIDE_PARTIES, type OutsideParty, type Settings } from "./outside-world.ts";
import {
  type PlayedCluster,
  playedClusterAt,
  playedClusterSettings,
  playsCluster,
  realClusterSettings,
} from "./played-cluster.ts";
import type { StackPorts } from "./ports.ts";
import { SERVICE_NAMES, type ServiceName } from "./service-names.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface StackRequest {
  /** What the operator set, from `.env` and the environment. */
  settings: Settings;
  /** Whom the settings make real (`chooseOutsideWorld`). */
  real: readonly OutsideParty[];
  /** The variables each service reads, from its schema: it is given no others. */
  variables: Readonly<Record<ServiceName, readonly string[]>>;
  ports: StackPorts;
  secrets: StackSecrets;
  dataDir: string;
  redis: { url: string; prefix: string };
  /** Where several replicas of a service are reached together, for whoever calls them; the one planned here unless told. */
  fronts?: Readonly<Partial<Record<"ingress" | "gateway", string>>>;
  /** What the operating system tells every process (PATH, HOME, proxies). */
  system: Readonly<Record<string, string>>;
}

export interface ServicePlan {
  name: ServiceName;
  /** Its whole environment. */
  environment: Readonly<Record<string, string>>;
  /** Answers 200 once the service can work. */
  readyUrl: string;
  /** Unset for the sandbox, which is never deployed and measures nothing. */
  metricsUrl?: string;
}

export interface StackPlan {
  services: readonly ServicePlan[];
  /** Played by the sandbox. */
  standIns: readonly OutsideParty[];
  real: readonly OutsideParty[];
  /** Unset when everything outside is real. */
  sandboxUrl?: string;
  /** Set when workers run in a cluster that the sandbox plays: where its kubeconfig is to be, and what it holds. */
  playedCluster?: PlayedCluster;
  ingressUrl: string;
  gatewayUrl: string;
  bullBoard: { url: string; user: string; password: string };
}

const BULL_BOARD_USER = "admin";

/** Which services run, where, and what each is told. */
export function planStack(request: StackRequest): StackPlan {
  const standIns = standInsBeside(request.real, request.settings);
  const urls = urlsOf(request);
  const shared = sharedSettings(request, standIns, urls);
  // The sandbox plays everybody or nobody: it never learns what opens a real door.
  const played = sharedSettings(request, OUTSIDE_PARTIES, urls);
  const names = SERVICE_NAMES.filter(
    (name) => name !== "sandbox" || standIns.length > 0 || playsCluster(request.settings),
  );
  return {
    services: names.map((name) => planService(name, request, name === "sandbox" ? played : shared)),
    standIns,
    real: request.real,
    ...(standIns.length > 0 ? { sandboxUrl: urls.sandbox } : {}),
    ...(playsCluster(request.settings) ? { playedCluster: playedClusterAt(urls.sandbox, request.dataDir) } : {}),
    ingressUrl: urls.ingress,
    gatewayUrl: urls.gateway,
    bullBoard: {
      url: `${local(request.ports.internal.launcher)}/queues`,
      user: BULL_BOARD_USER,
      password: request.secrets.bullBoardPassword,
    },
  };
}

function urlsOf({ ports, fronts = {} }: Pick<StackRequest, "ports" | "fronts">) {
  const { ingress = local(ports.ingress), gateway = local(ports.gateway) } = fronts;
  return { sandbox: local(ports.sandbox), ingress, gateway };
}

function local(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function sharedSettings(
  { settings, ports, secrets, dataDir, redis }: StackRequest,
  standIns: readonly OutsideParty[],
  urls: ReturnType<typeof urlsOf>,
): Settings {
  return {
    ...outsideSettings({ settings, standIns, urls, secrets }),
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    INTERNAL_HOST: "127.0.0.1",
    INGRESS_HOST: "127.0.0.1",
    INGRESS_PORT: String(ports.ingress),
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_URL: urls.gateway,
    SANDBOX_HOST: "127.0.0.1",
    SANDBOX_PORT: String(ports.sandbox),
    SANDBOX_DATA_DIR: join(dataDir, "sandbox"),
    TOKEN_SECRET: secrets.tokenSecret,
    RUNNER: settings.RUNNER ?? "process",
    RUNS_DIR: join(dataDir, "runs"),
    ...playedClusterSettings(settings, dataDir),
    ...realClusterSettings(settings),
    BULL_BOARD_USER,
    BULL_BOARD_PASSWORD: secrets.bullBoardPassword,
  };
}

function planService(name: ServiceName, request: StackRequest, shared: Settings): ServicePlan {
  const values: Settings =
    name === "sandbox" ? shared : { ...shared, INTERNAL_PORT: String(request.ports.internal[name]) };
  return {
    name,
    environment: {
      ...request.system,
      ...googleCredentials(name, request),
      ...pickSettings(values, request.variables[name]),
    },
    ...observationUrls(name, request.ports),
  };
}

function observationUrls(name: ServiceName, ports: StackPorts): Pick<ServicePlan, "readyUrl" | "metricsUrl"> {
  if (name === "sandbox") return { readyUrl: `${local(ports.sandbox)}/sandbox/state` };
  const internal = local(ports.internal[name]);
  return { readyUrl: `${internal}/ready`, metricsUrl: `${internal}/metrics` };
}

/** The Cloud Storage library finds its credentials by itself, through this variable; only the gateway uses it. */
function googleCredentials(name: ServiceName, { real, settings }: StackRequest): Record<string, string> {
  const file = settings.GOOGLE_APPLICATION_CREDENTIALS;
  return name === "gateway" && real.includes("gcs") && file !== undefined
    ? { GOOGLE_APPLICATION_CREDENTIALS: file }
    : {};
}

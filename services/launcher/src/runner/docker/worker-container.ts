import { readFileSync } from "node:fs";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { tokenOf, type WorkerSpec } from "../session-runner.ts";
import { DOCKER_URL } from "./dind-container.ts";
import type { DockerSettings } from "./docker-settings.ts";
import { labelsOf } from "./run-labels.ts";
import { gatewayNameOf, type RunNetwork } from "./run-network.ts";
import { type Entry, tarOf, WORKER_UID } from "./start-archive.ts";
import { WORKSPACE, workspaceOf } from "./workspace-volume.ts";

const FOLDERS = { workspace: "run", home: "home", tmp: "tmp" } as const;
// In a folder of the worker's own, so that it can remove it.
const TOKEN_FILE = `${FOLDERS.tmp}/start-token`;

/** Holds until when the worker may live, in seconds since 1970; the worker can read it alone. */
const DEADLINE_FILE = "deadline";
export const DEADLINE_PATH = `${WORKSPACE}/${DEADLINE_FILE}`;

const MIB = 2 ** 20;
const NANOS = 1e9;

/** Runs in front of the image's own command. */
const LEAD = readFileSync(new URL("./lead.sh", import.meta.url), "utf8");

/** The container of a worker. `command` is what its image runs by itself. */
export function workerContainerOf(
  worker: WorkerSpec,
  settings: DockerSettings,
  { network, command }: { network: RunNetwork; command: readonly string[] },
): ContainerCreateOptions {
  const { variable } = tokenOf(worker);
  const files = [`${WORKSPACE}/${TOKEN_FILE}`, variable, DEADLINE_PATH];
  return {
    name: worker.name,
    Image: settings.image,
    Labels: labelsOf(worker, settings.instance, "worker"),
    User: `${WORKER_UID}:${WORKER_UID}`,
    Entrypoint: ["/bin/sh", "-c", LEAD, "lead", ...files, String(settings.graceSeconds)],
    Cmd: [...command],
    Env: environmentOf(worker, settings),
    // Not the run's: a name of the container would be its host name otherwise.
    Hostname: "worker",
    StopSignal: "SIGTERM",
    StopTimeout: settings.graceSeconds,
    HostConfig: hostConfigOf(worker, settings, network),
  };
}

/** What stands in the workspace before the worker starts: its folders, its token, which goes at once, and its deadline. */
export function workerArchiveOf(worker: WorkerSpec): Buffer {
  const folders = Object.values(FOLDERS).map((path): Entry => ({ path, mode: 0o700, uid: WORKER_UID }));
  const token = tokenOf(worker).token.reveal();
  return tarOf([...folders, { path: TOKEN_FILE, mode: 0o400, uid: WORKER_UID, text: token }, deadlineEntryOf(worker)]);
}

/** Replaces a worker's deadline. */
export function deadlineArchiveOf(worker: Pick<WorkerSpec, "deadlineAt">): Buffer {
  return tarOf([deadlineEntryOf(worker)]);
}

function deadlineEntryOf({ deadlineAt }: Pick<WorkerSpec, "deadlineAt">): Entry {
  return { path: DEADLINE_FILE, mode: 0o444, uid: 0, text: `${Math.ceil(deadlineAt / 1_000)}\n` };
}

function environmentOf(worker: WorkerSpec, { workEnvironment }: Pick<DockerSettings, "workEnvironment">): string[] {
  return [
    `GATEWAY_URL=${worker.gatewayUrl}`,
    `WORKSPACE_DIR=${WORKSPACE}/${FOLDERS.workspace}`,
    `HOME=${WORKSPACE}/${FOLDERS.home}`,
    `TMPDIR=${WORKSPACE}/${FOLDERS.tmp}`,
    "LANG=C.UTF-8",
    `LOG_LEVEL=${worker.logLevel}`,
    ...Object.entries(workEnvironment).map(([name, value]) => `${name}=${value}`),
    ...(worker.docker === true ? [`DOCKER_HOST=${DOCKER_URL}`] : []),
  ];
}

function hostConfigOf(worker: WorkerSpec, settings: DockerSettings, network: RunNetwork): HostConfig {
  const { cpus, memoryGib } = settings.sizes[worker.size ?? settings.defaultSize];
  const memory = Math.round(memoryGib * 1024) * MIB;
  return {
    NetworkMode: network.id,
    // What is not in the run's own network is not looked up either.
    ...(settings.hasInternet ? {} : { Dns: ["127.0.0.1"] }),
    ...(settings.gateway === "host" ? { ExtraHosts: [`${gatewayNameOf(worker)}:${network.hostAddress}`] } : {}),
    Memory: memory,
    // No swap on top: what is over the limit ends the worker, and says so.
    MemorySwap: memory,
    NanoCpus: Math.round(cpus * NANOS),
    PidsLimit: settings.processes,
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    Privileged: false,
    Init: true,
    RestartPolicy: { Name: "no" },
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    Mounts: [workspaceOf(worker, settings)],
    Tmpfs: { "/tmp": `rw,nosuid,nodev,exec,size=${settings.tmpMib}m,mode=1777` },
  };
}

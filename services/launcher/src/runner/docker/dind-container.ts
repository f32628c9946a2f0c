import type { DockerMode } from "@peerbot/contracts";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import type { WorkerSpec } from "../session-runner.ts";
import type { DockerSettings } from "./docker-settings.ts";
import { labelsOf, labelsOfThings } from "./run-labels.ts";
import type { RunNetwork } from "./run-network.ts";
import { workspaceOf } from "./workspace-volume.ts";

const HOST = "docker";
/** Where a worker finds the daemon beside it; nothing else is in their network but the gateway. */
export const DOCKER_URL = `tcp://${HOST}:2375`;

/** Where a daemon of this kind keeps its images and containers. */
const DATA = {
  privileged: "/var/lib/docker",
  rootless: "/home/rootless/.local/share/docker",
} as const;

export type DindSettings = DockerSettings & { dockerInDocker: { mode: DockerMode } };

/** Name of a run's own daemon and of its volume. */
export function dindNameOf(run: string): string {
  return `${run}-docker`;
}

/** A Docker daemon for one run alone. It goes with its worker, and sees what the worker works on. */
export function dindContainerOf(run: WorkerSpec, settings: DindSettings, network: RunNetwork): ContainerCreateOptions {
  return {
    name: dindNameOf(run.name),
    Image: settings.dockerInDocker.image,
    Labels: labelsOf(run, settings.instance, "docker"),
    // Without certificates the daemon listens in the clear, in a network of the two of them. Unless that is said out
    // loud it warns, and waits 15 seconds for somebody to heed the warning.
    Env: ["DOCKER_TLS_CERTDIR="],
    Cmd: ["--tls=false"],
    Hostname: HOST,
    HostConfig: hostConfigOf(run, settings, network),
    NetworkingConfig: { EndpointsConfig: { [network.id]: { Aliases: [HOST] } } },
  };
}

function hostConfigOf(run: WorkerSpec, settings: DindSettings, network: RunNetwork): HostConfig {
  const { mode, limits } = settings.dockerInDocker;
  const { cpus, memoryGib } = limits;
  const memory = Math.round(memoryGib * 1024) * 2 ** 20;
  return {
    NetworkMode: network.id,
    ...(settings.hasInternet ? {} : { Dns: ["127.0.0.1"] }),
    Memory: memory,
    MemorySwap: memory,
    NanoCpus: Math.round(cpus * 1e9),
    PidsLimit: settings.processes,
    RestartPolicy: { Name: "no" },
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    Mounts: [
      {
        Type: "volume",
        Source: dindNameOf(run.name),
        Target: DATA[mode],
        VolumeOptions: {
          NoCopy: false,
          Labels: labelsOfThings(run.name, settings.instance),
          DriverConfig: { Name: "local", Options: {} },
        },
      },
      workspaceOf(run, settings),
    ],
    ...rightsOf(mode),
  };
}

/**
 * A daemon of root's is as good as the machine itself for whoever may talk to it. A rootless one makes its containers in
 * a user namespace, for which it needs no right on the machine, only freedom from the filters that forbid it.
 */
function rightsOf(mode: DockerMode): HostConfig {
  if (mode === "privileged") return { Privileged: true };
  return {
    Privileged: false,
    SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"],
    Devices: [
      { PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm" },
      { PathOnHost: "/dev/fuse", PathInContainer: "/dev/fuse", CgroupPermissions: "rwm" },
    ],
  };
}

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ClusterFault, ClusterFaults } from "./cluster-faults.ts";
import { ContainerConfigError, type ContainerPlace, placeContainer } from "./container-environment.ts";
import { type ContainerProcess, startContainerProcess } from "./container-process.ts";
import { endedStatus, runningStatus, sidecarStatus, waitingStatus } from "./container-status.ts";
import { letPodGo } from "./delete-object.ts";
import { disrupt } from "./disrupt.ts";
import { type Container, isTerminal, type Pod, timestamp, withCondition } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import { recordEvent } from "./record-event.ts";

/** What an image holds: the program and arguments that run instead of it. */
export type CommandOf = (image: string) => readonly [string, ...string[]];

export interface KubeletOptions {
  store: ObjectStore;
  faults: ClusterFaults;
  /** Holds one folder per pod, with its volumes. */
  folder: string;
  commandOf: CommandOf;
  /** Where the programs of pods find others: their PATH. */
  searchPath: string;
}

export interface Kubelet extends AsyncDisposable {
  /** What a container wrote; `undefined` when it never ran here. */
  log(podUid: string, container: string): string | undefined;
  /** Resolves once the pod's containers have ended, also for one that never ran. */
  untilEnded(podUid: string): Promise<void>;
}

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };
const NODE = "sandbox-node";
const LOOK_MS = 100;
const UNSCHEDULABLE = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available";

/** What the kubelet of a pod knows of it. */
interface PodLife {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly job: string;
  readonly processes: Map<string, ContainerProcess>;
  /** Nobody is told what becomes of it: its node is out of reach. */
  isUnseen: boolean;
  wasOutOfMemory: boolean;
}

/** Scheduler, kubelet and container runtime of the one node there is. */
export function runKubelet({ store, faults, folder, commandOf, searchPath }: KubeletOptions): Kubelet {
  const lives = new Map<string, PodLife>();
  const tasks = new Set<Promise<void>>();
  const disposed = new AbortController();

  const unlisten = store.listen((change) => {
    if (change.plural !== "pods") return;
    const pod = change.object as Pod;
    if (change.type === "ADDED") begin(() => live(pod));
    const isNewlyMarked = change.type === "MODIFIED" && isMarkedNow(pod, change.before as Pod);
    const life = lives.get(pod.metadata.uid);
    if (life === undefined) return;
    if (change.type === "DELETED") begin(() => clearAway(life));
    if (life.isUnseen) return;
    if (change.type === "DELETED") for (const process of life.processes.values()) process.kill();
    else if (isNewlyMarked) begin(() => takeAway(life, pod.metadata.deletionGracePeriodSeconds ?? 0));
  });

  function begin(task: () => Promise<void>): void {
    const running = task().catch((error: unknown) => {
      if (!disposed.signal.aborted) throw error;
    });
    tasks.add(running);
    void running.finally(() => tasks.delete(running));
  }

  const current = ({ namespace, name, uid }: PodLife): Pod | undefined => {
    const pod = store.find("pods", namespace, name);
    return pod?.metadata.uid === uid ? pod : undefined;
  };
  const setStatus = (life: PodLife, change: (status: Pod["status"]) => Pod["status"]): void => {
    if (life.isUnseen || current(life) === undefined) return;
    store.update("pods", life.namespace, life.name, (pod) => ({ ...pod, status: change(pod.status) }));
  };
  const isWanted = (life: PodLife): boolean => {
    const pod = disposed.signal.aborted ? undefined : current(life);
    return pod !== undefined && pod.metadata.deletionTimestamp === undefined;
  };

  async function live(pod: Pod): Promise<void> {
    const { uid, namespace, name, ownerReferences } = pod.metadata;
    const job = ownerReferences?.[0]?.name ?? name;
    const life: PodLife = { uid, namespace, name, job, processes: new Map(), isUnseen: false, wasOutOfMemory: false };
    lives.set(uid, life);
    await mkdir(join(folder, uid), { recursive: true });
    if (await hindered(life, ["unschedulable"], (fault) => tellUnschedulable(life, fault))) return;
    schedule(life);
    if (await hindered(life, ["image-pull"], (fault) => tellImagePull(life, pod, fault))) return;
    await runContainers(life, pod);
  }

  /** Waits out a fault that keeps the pod from starting. True when the pod was deleted meanwhile. */
  async function hindered(
    life: PodLife,
    kinds: readonly ClusterFault["kind"][],
    tell: (fault: ClusterFault) => void,
  ): Promise<boolean> {
    for (let isTold = false; isWanted(life); isTold = true) {
      const fault = faults.of(life.job);
      if (fault === undefined || !kinds.includes(fault.kind)) return false;
      if (!isTold) tell(fault);
      await pause(LOOK_MS, undefined, { signal: disposed.signal });
    }
    return true;
  }

  function tellUnschedulable(life: PodLife, fault: ClusterFault): void {
    const message = ("message" in fault ? fault.message : undefined) ?? UNSCHEDULABLE;
    const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message } as const;
    setStatus(life, (status) => ({ ...status, conditions: withCondition(status.conditions, condition) }));
  }

  function schedule(life: PodLife): void {
    if (current(life) === undefined) return;
    store.update("pods", life.namespace, life.name, (pod) => {
      const conditions = withCondition(pod.status.conditions, { type: "PodScheduled", status: "True" });
      const status = { ...pod.status, conditions, startTime: timestamp() };
      return { ...pod, spec: { ...pod.spec, nodeName: NODE }, status };
    });
  }

  function tellImagePull(life: PodLife, { spec }: Pod, fault: ClusterFault): void {
    const message =
      ("message" in fault ? fault.message : undefined) ??
      `failed to pull image "${(spec.initContainers ?? spec.containers)[0]?.image}": not found`;
    for (const reason of ["ErrImagePull", "ImagePullBackOff"]) {
      const failing = (container: Container) => waitingStatus(container, { reason, message });
      const initContainerStatuses = spec.initContainers?.map(failing);
      const later = (container: Container) => waitingStatus(container, { reason: "PodInitializing" });
      const containerStatuses = spec.containers.map(initContainerStatuses === undefined ? failing : later);
      const inits = initContainerStatuses === undefined ? {} : { initContainerStatuses };
      setStatus(life, (status) => ({ ...status, ...inits, containerStatuses }));
    }
  }

  async function runContainers(life: PodLife, pod: Pod): Promise<void> {
    const places = await untilPlaced(life, pod);
    if (places === undefined || !isWanted(life)) return;
    for (const [container, place] of places) {
      life.processes.set(container.name, startContainerProcess(commandOfContainer(container), place));
    }
    tellContainers(life, pod);
    begin(() => meetMishap(life));
    await Promise.all(
      [...life.processes.values()].map(async ({ ended }) => {
        await ended;
        tellContainers(life, pod);
      }),
    );
    if (current(life)?.metadata.deletionTimestamp !== undefined && !life.isUnseen) {
      letPodGo(store, life.namespace, life.name);
    }
  }

  function commandOfContainer({ image, command, args }: Container): readonly [string, ...string[]] {
    const [program, ...rest] = command ?? commandOf(image);
    return [program ?? "", ...rest, ...(args ?? [])];
  }

  /** Where the containers may start; `undefined` when the pod was deleted while something was missing. */
  async function untilPlaced(life: PodLife, pod: Pod): Promise<[Container, ContainerPlace][] | undefined> {
    const context = { store, folder: join(folder, life.uid), searchPath };
    for (let isTold = false; isWanted(life); isTold = true) {
      try {
        const placed = pod.spec.containers.map(
          async (container): Promise<[Container, ContainerPlace]> => [
            container,
            await placeContainer(pod, container, context),
          ],
        );
        return await Promise.all(placed);
      } catch (error) {
        if (!(error instanceof ContainerConfigError)) throw error;
        const waiting = { reason: "CreateContainerConfigError", message: error.message };
        const containerStatuses = pod.spec.containers.map((container) => waitingStatus(container, waiting));
        if (!isTold) setStatus(life, (status) => ({ ...status, containerStatuses }));
      }
      await pause(LOOK_MS, undefined, { signal: disposed.signal });
    }
    return undefined;
  }

  function tellContainers(life: PodLife, { spec }: Pod): void {
    const statuses = spec.containers.map((container) => {
      const process = life.processes.get(container.name);
      if (process === undefined) return waitingStatus(container, { reason: "ContainerCreating" });
      return process.exitCode === undefined
        ? runningStatus(container, process)
        : endedStatus(container, process, { exitCode: process.exitCode, wasOutOfMemory: life.wasOutOfMemory });
    });
    const codes = statuses.map(({ state }) => state.terminated?.exitCode);
    const isOver = codes.every((code) => code !== undefined);
    const sidecars = spec.initContainers?.map((container) => sidecarStatus(container, { isOver }));
    const phase = !isOver ? "Running" : codes.every((code) => code === 0) ? "Succeeded" : "Failed";
    setStatus(life, (status) => ({
      ...status,
      // A node that has ended a pod for want of room has its last word.
      phase: isTerminalStatus(status) ? status.phase : phase,
      ...(sidecars === undefined ? {} : { initContainerStatuses: sidecars }),
      containerStatuses: statuses,
    }));
  }

  async function meetMishap(life: PodLife): Promise<void> {
    const fault = faults.of(life.job);
    if (fault === undefined || !("afterMs" in fault)) return;
    await pause(fault.afterMs, undefined, { signal: disposed.signal });
    const pod = current(life);
    if (pod === undefined || isTerminal(pod)) return;
    life.isUnseen = fault.kind === "node-lost";
    life.wasOutOfMemory = fault.kind === "out-of-memory";
    const { isKilled } = disrupt(store, pod, fault.kind);
    if (isKilled) for (const process of life.processes.values()) process.kill();
  }

  /** A pod marked for deletion: its containers may save, then they are ended, then it is gone. */
  async function takeAway(life: PodLife, graceSeconds: number): Promise<void> {
    const pod = current(life);
    if (pod === undefined) return;
    if (life.processes.size === 0) {
      // A node tells the end also of what it never started; what has no node has nobody to tell it.
      if (pod.spec.nodeName !== undefined) setStatus(life, (status) => ({ ...status, phase: "Failed" }));
      return letPodGo(store, life.namespace, life.name);
    }
    if (isTerminal(pod)) return;
    recordEvent(store, pod, { reason: "Killing", message: "Stopping container", type: "Normal" });
    for (const process of life.processes.values()) process.terminate();
    const over = Promise.all([...life.processes.values()].map(({ ended }) => ended));
    const time = new AbortController();
    const late = pause(graceSeconds * 1_000, "late", { signal: AbortSignal.any([time.signal, disposed.signal]) });
    const first = await Promise.race([over, late.catch(() => "over")]);
    time.abort();
    if (first === "late") for (const process of life.processes.values()) process.kill();
  }

  /** What a pod that is gone leaves behind, once its processes have ended. */
  async function clearAway({ uid, processes }: PodLife): Promise<void> {
    await Promise.all([...processes.values()].map(({ ended }) => ended));
    if (disposed.signal.aborted) return;
    await rm(join(folder, uid), REMOVAL);
    lives.delete(uid);
  }

  return {
    log: (podUid, container) => lives.get(podUid)?.processes.get(container)?.log(),
    untilEnded: async (podUid) => {
      await Promise.all([...(lives.get(podUid)?.processes.values() ?? [])].map(({ ended }) => ended));
    },
    async [Symbol.asyncDispose]() {
      unlisten();
      disposed.abort();
      const processes = [...lives.values()].flatMap((life) => [...life.processes.values()]);
      for (const process of processes) process.kill();
      await Promise.all([...tasks, ...processes.map(({ ended }) => ended)]);
      await rm(folder, REMOVAL);
    },
  };
}

function isMarkedNow(pod: Pod, before: Pod): boolean {
  return pod.metadata.deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds;
}

function isTerminalStatus({ phase }: Pod["status"]): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

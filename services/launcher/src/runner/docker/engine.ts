import { buffer, text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { Secret } from "@peerbot/runtime";
import Docker, { type ContainerCreateOptions, type ContainerInspectInfo, type NetworkCreateOptions } from "dockerode";
import { tryingWhile } from "../trying.ts";
import { engineFailureOf, isBeingRemoved, isPassing } from "./engine-failure.ts";
import { linesOfLog } from "./log-lines.ts";
import { GATEWAY_NAME_LABEL, labelFilter, RUN_LABEL, runFilter } from "./run-labels.ts";
import { textIn } from "./start-archive.ts";

export type Engine = ReturnType<typeof connectEngine>;

/** A run's network, as the engine lists it. */
interface KnownNetwork {
  id: string;
  run: string;
  subnet: string;
  /** By what name the run's worker looks for the gateway. */
  gatewayName: string;
}

/** Between tries to remove a network that does not become empty. */
const PAUSES_MS = [200, 500, 1_000, 2_000];
const PULL_MS = 10 * 60_000;

const trying = tryingWhile(isPassing);

/** What the runner asks of a Docker engine, within one installation. What passes by itself is asked again for a while. */
export function connectEngine(address: string, instance: string) {
  const docker = new Docker({ ...placeOf(address), version: "v1.41" });

  return {
    /** The image's own command; `undefined` when the engine does not have it. */
    commandOf: async (image: string): Promise<string[] | undefined> => {
      const info = await trying(() => ifThere(docker.getImage(image).inspect()));
      return info && [info.Config.Entrypoint ?? [], info.Config.Cmd ?? []].flat();
    },

    pull: async (image: string, registry: { user: string; password: Secret } | undefined): Promise<void> => {
      const authconfig = registry && { username: registry.user, password: registry.password.reveal() };
      const signal = AbortSignal.timeout(PULL_MS);
      const progress = await docker.pull(image, { abortSignal: signal, ...(authconfig ? { authconfig } : {}) });
      const failure = /"error":"((?:[^"\\]|\\.)*)"/.exec(await text(progress))?.[1];
      if (failure !== undefined) throw new Error(failure);
    },

    createNetwork: async (options: NetworkCreateOptions): Promise<string | "no-room" | "already-exists"> => {
      try {
        return (await trying(() => docker.createNetwork(options))).id;
      } catch (error) {
        const { code = 0, message = "" } = engineFailureOf(error) ?? {};
        if (code === 409) return "already-exists";
        if (/pool overlaps|overlaps with|already in use/i.test(message)) return "no-room";
        throw error;
      }
    },

    /** Connecting what is connected is no error, nor is one of them being gone. */
    connect: async (network: string, container: string, alias: string): Promise<void> => {
      const options = { Container: container, EndpointConfig: { Aliases: [alias] } };
      await trying(() => unless([403, 404, 409], docker.getNetwork(network).connect(options)));
    },

    /** Also those who left the network by stopping: one of them could not start again once it is gone. */
    removeNetwork: async (network: string, members: readonly string[]): Promise<void> => {
      for (const pauseMs of PAUSES_MS) {
        for (const Container of members) {
          await trying(() =>
            unless([403, 404, 500], docker.getNetwork(network).disconnect({ Container, Force: true })),
          );
        }
        try {
          return await trying(() => unless([404], docker.getNetwork(network).remove()));
        } catch (error) {
          // Another launcher has just let a gateway in again.
          if (engineFailureOf(error)?.code !== 403) throw error;
          await pause(pauseMs);
        }
      }
      throw new Error(`the network ${network} does not become empty`);
    },

    createContainer: (options: ContainerCreateOptions): Promise<string | "already-exists" | "no-image"> =>
      trying(async () => {
        try {
          // Told apart, or dockerode says all of it twice: in the body and in the query.
          const { name, ..._body } = options;
          const asked = { _query: { name }, _body: { name, ..._body } } as unknown as ContainerCreateOptions;
          return (await docker.createContainer(asked)).id;
        } catch (error) {
          const { code, message = "" } = engineFailureOf(error) ?? {};
          if (code === 409 && /already in use/.test(message)) return "already-exists";
          if (code === 404 && /image/i.test(message)) return "no-image";
          throw error;
        }
      }),

    putArchive: (container: string, archive: Buffer, path: string): Promise<unknown> =>
      trying(() => ifThere(docker.getContainer(container).putArchive(archive, { path }))),

    readFile: async (container: string, path: string): Promise<string | undefined> => {
      const archive = await trying(() => ifThere(docker.getContainer(container).getArchive({ path })));
      return archive && textIn(await buffer(archive));
    },

    start: async (container: string): Promise<void> => {
      await trying(() => unless([304], docker.getContainer(container).start()));
    },

    inspect: (container: string): Promise<ContainerInspectInfo | undefined> =>
      trying(() => ifThere(docker.getContainer(container).inspect())),

    /** Resolves once it has ended. */
    stop: async (container: string, graceSeconds: number): Promise<void> => {
      await trying(() => unless([304, 404], docker.getContainer(container).stop({ t: graceSeconds })));
    },

    kill: async (container: string, signal = "SIGKILL"): Promise<void> => {
      await trying(() => unless([404, 409], docker.getContainer(container).kill({ signal })));
    },

    removeContainer: async (container: string): Promise<void> => {
      await trying(() => unless([404, 409], docker.getContainer(container).remove({ force: true, v: true })));
    },

    removeVolume: async (volume: string): Promise<void> => {
      await trying(() => unless([404], docker.getVolume(volume).remove({ force: true })));
    },

    /** Ids of the containers in a role, stopped ones included if wanted. */
    gateways: async ({ all }: { all: boolean }): Promise<string[]> =>
      (await trying(() => docker.listContainers({ all, filters: { label: labelFilter(instance, "gateway") } }))).map(
        ({ Id }) => Id,
      ),

    /** Names of all runs that have left anything here. */
    runs: async (): Promise<string[]> => {
      const filters = { label: runFilter(instance) };
      const [containers, networks, volumes] = await Promise.all([
        trying(() => docker.listContainers({ all: true, filters })),
        trying(() => docker.listNetworks({ filters })),
        trying(() => docker.listVolumes({ filters })),
      ]);
      const labels = [...containers, ...networks, ...(volumes.Volumes ?? [])].map((thing) => thing.Labels?.[RUN_LABEL]);
      return [...new Set(labels.filter((name) => name !== undefined))];
    },

    /** The networks of all runs. */
    runNetworks: async (): Promise<KnownNetwork[]> =>
      (await trying(() => docker.listNetworks({ filters: { label: runFilter(instance) } }))).map(
        ({ Id, Labels, IPAM }) => ({
          id: Id,
          run: Labels?.[RUN_LABEL] ?? "",
          subnet: IPAM?.Config?.[0]?.Subnet ?? "",
          gatewayName: Labels?.[GATEWAY_NAME_LABEL] ?? "",
        }),
      ),

    /** What a container wrote last; empty when nobody knows any more. */
    lastLines: async (container: string, tail: number): Promise<string[]> => {
      const options = { stdout: true, stderr: true, tail } as const;
      const output = await docker
        .getContainer(container)
        .logs(options)
        .catch(() => undefined);
      return output === undefined ? [] : linesOfLog(output);
    },

    /** All that happens to the installation's containers, after what the engine still remembers. */
    events: (signal: AbortSignal): Promise<NodeJS.ReadableStream> =>
      docker.getEvents({
        since: 1,
        filters: { type: ["container"], label: labelFilter(instance) },
        abortSignal: signal,
      }),
  };
}

function placeOf(address: string): Docker.DockerOptions {
  const url = new URL(address);
  // dockerode would otherwise read the environment for what is not told.
  if (url.protocol === "unix:") return { socketPath: url.pathname, host: undefined, port: undefined };
  return { protocol: "http", host: url.hostname, port: url.port, socketPath: undefined };
}

function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  return unless([404], answer);
}

/** `undefined` when the engine answers with one of these. */
async function unless<T>(codes: readonly number[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const failure = engineFailureOf(error);
    if (codes.includes(failure?.code ?? 0)) return undefined;
    if (codes.some((code) => code === 404 || code === 409) && failure !== undefined && isBeingRemoved(failure))
      return undefined;
    throw error;
  }
}

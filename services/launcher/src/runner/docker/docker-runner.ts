import type { DockerMode } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import type { ContainerCreateOptions } from "dockerode";
import { orLeave } from "../or-leave.ts";
import { type RunEnd, RunnerFailure, type SessionRunner, type WorkerSpec } from "../session-runner.ts";
import { withoutTokens } from "../without-tokens.ts";
import { dindContainerOf, dindNameOf } from "./dind-container.ts";
import type { DockerSettings } from "./docker-settings.ts";
import type { Engine } from "./engine.ts";
import { isPassing, refusalOf } from "./engine-failure.ts";
import { createEventRegister } from "./event-register.ts";
import { followEvents } from "./follow-events.ts";
import { endOfGone, judgeContainer, NOTHING_HEARD, withLastWords } from "./judge-container.ts";
import { admitGateways, closeNetwork, openNetwork } from "./open-network.ts";
import type { RunNetwork } from "./run-network.ts";
import { DEADLINE_PATH, deadlineArchiveOf, workerArchiveOf, workerContainerOf } from "./worker-container.ts";
import { WORKSPACE } from "./workspace-volume.ts";

export interface DockerRunnerOptions {
  engine: Engine;
  settings: DockerSettings;
  logger: Pick<Logger, "warn">;
}

/** Should news ever get lost, a run is looked at again after this time. */
const LOOK_MS = 60_000;
/** News of an end arrive a moment after the end itself. */
const NEWS_MS = 1_000;
const AWAY_MS = 2_000;
/** How long after its deadline and grace time a worker is left to the container's own clock. */
const OVERDUE_MS = 2_000;
const LOGGED_LINES = 20;

/** Runs each worker as a container with a network of its own. Everything there is to know of a run is in the engine. */
export function createDockerRunner({ engine, settings, logger }: DockerRunnerOptions): SessionRunner {
  const disposed = new AbortController();
  const register = createEventRegister({
    gatewayStarted: (container) => void readmit([container]),
  });
  const following = followEvents(
    engine.events,
    {
      connected: () => {
        register.connected();
        void readmit();
      },
      happened: register.happened,
      interrupted: (err) => {
        register.interrupted();
        logger.warn({ err }, "docker-events-interrupted");
      },
    },
    disposed.signal,
  );

  /** A gateway that was deployed anew has to be let into the networks of the runs that live on. */
  async function readmit(gateways?: readonly string[]): Promise<void> {
    if (settings.gateway === "host") return;
    try {
      const known = gateways ?? (await engine.gateways({ all: false }));
      for (const { id, gatewayName } of await engine.runNetworks()) {
        for (const container of known) await engine.connect(id, container, gatewayName);
      }
    } catch (err) {
      if (!disposed.signal.aborted) logger.warn({ err }, "gateway-not-admitted");
    }
  }

  async function start(run: WorkerSpec): Promise<"started" | "already-exists"> {
    const mode = run.docker === true ? settings.dockerInDocker.mode : "off";
    if (run.docker === true && mode === "off") {
      throw new RunnerFailure("DOCKER_IN_DOCKER is off", { reason: "could-not-start" });
    }
    try {
      const existing = await engine.inspect(run.name);
      if (existing !== undefined && existing.State.Status !== "created") return "already-exists";
      const command = await commandOf(settings.image);
      const network = await openNetwork(engine, run, settings);
      const [created] = await Promise.all([
        createWorker(run, network, command),
        admitGateways(engine, network, run, settings),
        mode === "off" ? undefined : startDind(run, network, mode),
      ]);
      await engine.putArchive(run.name, workerArchiveOf(run), WORKSPACE);
      // Whoever made it, it may have died before this: starting what runs already does nothing.
      await engine.start(run.name);
      return created === "already-exists" ? "already-exists" : "started";
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal instanceof RunnerFailure) await remove(run.name);
      throw refusal;
    }
  }

  async function createWorker(run: WorkerSpec, network: RunNetwork, command: readonly string[]): Promise<string> {
    return create(workerContainerOf(run, settings, { network, command }));
  }

  async function startDind(run: WorkerSpec, network: RunNetwork, mode: DockerMode) {
    const dockerInDocker = { ...settings.dockerInDocker, mode };
    await commandOf(dockerInDocker.image);
    await create(dindContainerOf(run, { ...settings, dockerInDocker }, network));
    await engine.start(dindNameOf(run.name));
  }

  async function create(options: ContainerCreateOptions): Promise<string> {
    const created = await engine.createContainer(options);
    if (created === "no-image") throw imageFailure(options.Image ?? "", "it is gone again");
    return created;
  }

  /** What the image runs, pulled if that is wanted. */
  async function commandOf(image: string): Promise<string[]> {
    const policy = settings.imagePullPolicy;
    const present = policy === "Always" ? undefined : await engine.commandOf(image);
    if (present !== undefined) return present;
    if (policy === "Never") throw imageFailure(image, "the engine does not have it, and it is not to be pulled");
    try {
      await engine.pull(image, settings.registry);
    } catch (error) {
      throw imageFailure(image, error instanceof Error ? error.message : "", error);
    }
    const command = await engine.commandOf(image);
    if (command === undefined) throw imageFailure(image, "it is not there after pulling");
    return command;
  }

  async function ended(name: string, signal: AbortSignal): Promise<RunEnd> {
    const leaving = AbortSignal.any([signal, disposed.signal]);
    await orLeave(register.ready(), leaving);
    let isAskedAgain = false;
    for (;;) {
      leaving.throwIfAborted();
      const news = register.news(name);
      let wait = LOOK_MS;
      try {
        const container = await engine.inspect(name);
        const heard = register.heardOf(name) ?? NOTHING_HEARD;
        if (container === undefined) return await leave(name, endOfGone(heard));
        const deadlineAt = await deadlineOf(name);
        const verdict = judgeContainer(container, heard, deadlineAt);
        if (verdict.kind === "living") {
          wait = await keepDeadline(name, deadlineAt);
        } else {
          if (verdict.isHeardOf || isAskedAgain) return await leave(name, verdict.end);
          isAskedAgain = true;
          wait = NEWS_MS;
        }
      } catch (error) {
        if (!isPassing(error)) throw error;
        // The engine is away, which says nothing about the run.
        wait = AWAY_MS;
      }
      await orLeave(news, leaving, wait);
    }
  }

  /** In milliseconds since 1970; without end for a worker that was not given one yet, or is gone. */
  async function deadlineOf(name: string): Promise<number> {
    const seconds = await engine.readFile(name, DEADLINE_PATH);
    return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000;
  }

  /** The container's own clock ends the worker; this is for one whose clock was stopped. Gives when to look again. */
  async function keepDeadline(name: string, deadlineAt: number): Promise<number> {
    const overdueAt = deadlineAt + settings.graceSeconds * 1_000 + OVERDUE_MS;
    const left = overdueAt - Date.now();
    if (left > 0) return Math.min(left, LOOK_MS);
    await engine.kill(name);
    return NEWS_MS;
  }

  /** Whatever stood beside the worker goes with it. */
  async function leave(name: string, end: RunEnd): Promise<RunEnd> {
    await engine.removeContainer(dindNameOf(name));
    if (end.reason === "completed") return end;
    const lines = (await engine.lastLines(name, LOGGED_LINES)).map(withoutTokens);
    const told = withLastWords(end, lines);
    logger.warn({ run: name, ...told, lines }, "worker-output");
    return told;
  }

  async function remove(name: string): Promise<void> {
    await engine.removeContainer(name);
    await engine.removeContainer(dindNameOf(name));
    await closeNetwork(engine, name);
    await engine.removeVolume(name);
    await engine.removeVolume(dindNameOf(name));
  }

  return {
    fit: JSON.stringify(settings),
    start,
    ended,

    async assign(name, run) {
      await engine.putArchive(name, deadlineArchiveOf(run), WORKSPACE);
      await engine.kill(name, "SIGHUP");
    },

    async stop(name, { graceSeconds }) {
      const container = await engine.inspect(name);
      if (container === undefined) return;
      // One that never ran has nothing to save.
      if (container.State.Status === "created") await engine.removeContainer(name);
      else await engine.stop(name, graceSeconds);
    },

    list: () => engine.runs(),
    remove,

    async [Symbol.asyncDispose]() {
      disposed.abort(new Error("the runner is closed"));
      await following;
    },
  };
}

function imageFailure(image: string, why: string, cause?: unknown): RunnerFailure {
  return new RunnerFailure(`the image ${image} cannot be used: ${why}`, { reason: "image-pull-failed", cause });
}

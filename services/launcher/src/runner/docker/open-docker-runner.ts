import { daemonImageOf, type RunOptionsConfig } from "@peerbot/contracts";
import type { Logger, WorkConfig } from "@peerbot/runtime";
import type { DockerInDockerConfig } from "../docker-in-docker-config.ts";
import type { SessionRunner } from "../session-runner.ts";
import { workEnvironmentOf } from "../work-environment.ts";
import type { DockerConfig } from "./docker-config.ts";
import { createDockerRunner } from "./docker-runner.ts";
import type { DockerSettings } from "./docker-settings.ts";
import { connectEngine } from "./engine.ts";

type Config = DockerConfig & DockerInDockerConfig & Pick<RunOptionsConfig, "DOCKER_IN_DOCKER"> & WorkConfig;

/** The runner that these settings describe. */
export function openDockerRunner(config: Config, logger: Pick<Logger, "warn">): SessionRunner {
  const engine = connectEngine(config.DOCKER_HOST, config.DOCKER_INSTANCE);
  return createDockerRunner({ engine, settings: settingsOf(config), logger });
}

/** How containers look under these settings. */
export function settingsOf(config: Config): DockerSettings {
  const { DOCKER_REGISTRY_USER: user, DOCKER_REGISTRY_PASSWORD: password } = config;
  return {
    instance: config.DOCKER_INSTANCE,
    image: config.WORKER_IMAGE ?? "",
    imagePullPolicy: config.WORKER_IMAGE_PULL_POLICY,
    registry: user === undefined || password === undefined ? undefined : { user, password },
    sizes: config.WORKER_SIZES,
    defaultSize: config.WORKER_SIZE,
    processes: config.DOCKER_PROCESSES,
    tmpMib: config.DOCKER_TMP_MIB,
    workspaceGib: config.DOCKER_WORKSPACE_GIB,
    graceSeconds: config.STOP_GRACE_SECONDS,
    workEnvironment: workEnvironmentOf(config),
    gateway: config.DOCKER_GATEWAY,
    subnets: config.DOCKER_SUBNETS,
    hasInternet: config.DOCKER_INTERNET,
    dockerInDocker: {
      mode: config.DOCKER_IN_DOCKER,
      image: daemonImageOf(config),
      limits: config.DOCKER_IN_DOCKER_LIMITS,
    },
  };
}

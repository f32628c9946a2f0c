import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "@peerbot/runtime";
import type { LauncherConfig } from "../config.ts";
import { createProcessRunner } from "./process/process-runner.ts";
import { versionOfSources } from "./process/version-of-sources.ts";
import type { SessionRunner } from "./session-runner.ts";
import { workEnvironmentOf } from "./work-environment.ts";

const WORKER_BESIDE_US = fileURLToPath(new URL("../../../worker/src/main.ts", import.meta.url));

const LIBRARIES = fileURLToPath(new URL("../../../../libs", import.meta.url));

/** The runner the settings name. */
export async function chooseRunner(config: LauncherConfig, logger: Logger): Promise<SessionRunner> {
  switch (config.RUNNER) {
    case "process":
      return createProcessRunner({
        directory: config.RUNS_DIR,
        command: [process.execPath, config.WORKER_MAIN ?? WORKER_BESIDE_US],
        version: await versionOfSources([dirname(config.WORKER_MAIN ?? WORKER_BESIDE_US), LIBRARIES]),
        // What another program does with the argument is not known.
        compilesAhead: config.WORKER_MAIN === undefined,
        searchPath: config.PATH,
        workEnvironment: workEnvironmentOf(config),
        faultPointsDir: config.FAULT_POINTS_DIR,
        logger,
      });
    case "docker": {
      const { openDockerRunner } = await import("./docker/open-docker-runner.ts");
      return openDockerRunner(config, logger);
    }
    case "kubernetes": {
      // Its client takes most of a second to load.
      const { openKubernetesRunner } = await import("./kubernetes/open-kubernetes-runner.ts");
      return openKubernetesRunner(config, logger);
    }
    default:
      return config.RUNNER satisfies never;
  }
}

import { RunOptionsConfig } from "@peerbot/contracts";
import { createLogger, type Logger, loadConfig, Secret, WorkConfig } from "@peerbot/runtime";
import { type PodSecurityLevel, type PolicyRule, startKubernetes } from "@peerbot/sandbox/kubernetes";
import { temporaryFolder } from "@peerbot/testing";
import { z } from "zod";
import { DockerInDockerConfig } from "../../services/launcher/src/runner/docker-in-docker-config.ts";
import { KubernetesConfig } from "../../services/launcher/src/runner/kubernetes/kubernetes-config.ts";
import { openKubernetesRunner } from "../../services/launcher/src/runner/kubernetes/open-kubernetes-runner.ts";
import type { SessionRunner } from "../../services/launcher/src/runner/session-runner.ts";

const silent: Pick<Logger, "warn"> = createLogger({ service: "launcher", level: "fatal" });
const Config = z.object({
  ...KubernetesConfig.shape,
  ...DockerInDockerConfig.shape,
  ...RunOptionsConfig.shape,
  ...WorkConfig.shape,
});
const GONE_SECONDS = 1;

interface BenchOptions {
  /** What launchers may do; everything unless told. */
  rules?: readonly PolicyRule[];
  podSecurity?: PodSecurityLevel;
}

/** A cluster for one test, and launchers' runners in it. An image is the JavaScript program of its number. */
export async function openClusterBench({ rules, podSecurity = "restricted" }: BenchOptions = {}) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder());
  const scripts: string[] = [];
  const cluster = parts.use(
    await startKubernetes({
      dataDir: folder.path,
      commandOf: (image) => [process.execPath, "-e", scripts[Number(image.split(":")[1])] ?? "process.exit(99)"],
      searchPath: process.env.PATH ?? "",
      podSecurity,
      ...(rules === undefined ? {} : { rules }),
    }),
  );
  const runners = parts.use(new AsyncDisposableStack());
  const all = parts.move();
  return {
    ...cluster,
    host: "127.0.0.1",
    /** Something that looks like a start token. */
    tokenLike: () => new Secret("eyJhbGciOi.eyJleHAi.c2lnbmF0dXJl"),
    /** How many connections have been made to the API server. */
    connections: () => cluster.connections(),
    /** What somebody else does in the cluster. */
    async kubectl(method: string, path: string): Promise<void> {
      const headers = { authorization: "Bearer sandbox-kubernetes-token" };
      const answer = await fetch(`${cluster.url}${path}`, { method, headers });
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    },
    /** `settings` are environment variables. */
    createRunner(script: string, settings: Record<string, string> = {}, logger = silent): SessionRunner {
      const config = loadConfig(Config, {
        KUBECONFIG: cluster.kubeconfig,
        WORKER_IMAGE: `peerbot-worker:${scripts.push(script) - 1}`,
        STOP_GRACE_SECONDS: "1",
        KUBERNETES_ROOM_WAIT_SECONDS: "1",
        KUBERNETES_START_PATIENCE_SECONDS: "0",
        ...settings,
      });
      return runners.use(openKubernetesRunner(config, logger, { goneSeconds: GONE_SECONDS }));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export type ClusterBench = Awaited<ReturnType<typeof openClusterBench>>;

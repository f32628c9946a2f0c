import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portOf } from "@peerbot/runtime";
import Fastify from "fastify";
import { KUBERNETES_TOKEN, kubeconfigOf } from "./kubeconfig.ts";
import {
  KUBERNETES_PREFIX,
  type KubernetesStandIn,
  type KubernetesStandInOptions,
  registerKubernetes,
} from "./stand-in.ts";

export interface RunningKubernetes extends AsyncDisposable {
  readonly standIn: KubernetesStandIn;
  /** Of the API server. */
  readonly url: string;
  /** A kubeconfig file that leads to it. */
  readonly kubeconfig: string;
  /** How many connections have been made. */
  connections(): number;
}

/** Serves the Kubernetes stand-in alone, on this machine only. Port 0 picks a free one. */
export async function startKubernetes({
  port = 0,
  token = KUBERNETES_TOKEN,
  ...options
}: Omit<KubernetesStandInOptions, "token"> & { token?: string; port?: number }): Promise<RunningKubernetes> {
  const server = Fastify({ forceCloseConnections: true });
  let connections = 0;
  server.server.on("connection", () => {
    connections += 1;
  });
  const standIn = await registerKubernetes(server, { ...options, token });
  await server.listen({ host: "127.0.0.1", port });
  const url = `http://127.0.0.1:${portOf(server)}${KUBERNETES_PREFIX}`;
  const kubeconfig = join(options.dataDir, "kubeconfig.yaml");
  await writeFile(kubeconfig, kubeconfigOf({ url, token, namespace: "default" }), { mode: 0o600 });
  return {
    standIn,
    url,
    kubeconfig,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await standIn[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

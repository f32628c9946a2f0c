import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Faults } from "../fault-injection.ts";
import { injectFaults } from "../fault-injection.ts";
import { serveApi } from "./api-routes.ts";
import type { PolicyRule } from "./authorize.ts";
import { type ClusterFaults, createClusterFaults, InjectClusterFault } from "./cluster-faults.ts";
import { runJobController } from "./job-controller.ts";
import { type CommandOf, runKubelet } from "./kubelet.ts";
import { statusBody } from "./kubernetes-failure.ts";
import { createObjectStore, type ObjectStore } from "./object-store.ts";
import type { PodSecurityLevel } from "./pod-security.ts";
import { createWatches, type Watches } from "./watch-stream.ts";

export interface KubernetesStandInOptions {
  /** Folder for the volumes of pods; emptied at the end. */
  dataDir: string;
  /** What runs in place of an image. */
  commandOf: CommandOf;
  /** Where the programs of pods find others: their PATH. */
  searchPath: string;
  token: string;
  rules?: readonly PolicyRule[];
  /** What the namespaces demand of pods; nothing unless told, as without labels. */
  podSecurity?: PodSecurityLevel;
}

export interface KubernetesStandIn extends AsyncDisposable {
  /** What befalls Jobs and their pods. */
  readonly cluster: ClusterFaults;
  /** What befalls requests. */
  readonly faults: Faults;
  readonly store: ObjectStore;
  readonly watches: Watches;
}

const BODIES = [
  "application/json",
  "application/merge-patch+json",
  "application/json-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** Where the API begins; what follows are the paths of a real API server. */
export const KUBERNETES_PREFIX = "/kubernetes";

/**
 * A cluster of one node on a server that does not listen yet: the API for Jobs, pods, Secrets and events, the Job
 * controller, and pods as processes of this machine. What happened in it is forgotten when it ends.
 */
export async function registerKubernetes(
  server: FastifyInstance,
  { dataDir, commandOf, searchPath, token, rules, podSecurity = "privileged" }: KubernetesStandInOptions,
): Promise<KubernetesStandIn> {
  const store = createObjectStore();
  const watches = createWatches(store);
  const cluster = createClusterFaults();
  const controllers = new AbortController();
  runJobController({ store, faults: cluster, podSecurity, signal: controllers.signal });
  const kubelet = runKubelet({ store, faults: cluster, folder: join(dataDir, "pods"), commandOf, searchPath });
  let faults: Faults | undefined;
  await server.register(
    async (scope) => {
      ({ faults } = injectFaults(scope, (status) => statusBody(status)));
      scope.removeContentTypeParser("application/json");
      scope.addContentTypeParser(BODIES, { parseAs: "string" }, (_request, body, done) => {
        try {
          // Clients announce a body of a deletion and then send none.
          done(null, body === "" ? undefined : JSON.parse(String(body)));
        } catch (error) {
          done(Object.assign(error instanceof Error ? error : new Error(String(error)), { statusCode: 400 }));
        }
      });
      serveApi(scope, { store, watches, kubelet, faults: cluster, token, rules });
    },
    { prefix: KUBERNETES_PREFIX },
  );
  server.post("/sandbox/cluster-faults", async (request, reply) => {
    const fault = InjectClusterFault.safeParse(request.body);
    if (!fault.success) return reply.code(400).send({ ok: false, error: fault.error.message });
    cluster.inject(fault.data);
    return { ok: true };
  });
  // Streams that never end would keep the server from closing.
  server.addHook("preClose", async () => watches[Symbol.dispose]());
  if (faults === undefined) throw new Error("the plugin is registered once its promise resolves");
  return {
    cluster,
    faults,
    store,
    watches,
    async [Symbol.asyncDispose]() {
      controllers.abort();
      watches[Symbol.dispose]();
      await kubelet[Symbol.asyncDispose]();
    },
  };
}

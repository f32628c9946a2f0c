import { text } from "node:stream/consumers";
import { daemonImageOf } from "@peerbot/contracts";
import { createRegistry, type Logger, type RunningService, startInternalServer } from "@peerbot/runtime";
import { createBusinessEvents } from "./business-events.ts";
import type { DockerProxyConfig } from "./config.ts";
import { askEngine } from "./engine-socket.ts";
import type { Rules } from "./rules.ts";
import { serveProxy } from "./serve-proxy.ts";

export interface DockerProxy extends RunningService {
  readonly port: number;
  readonly internalPort: number;
}

/** Builds a running proxy. Disposing ends the streams that go through it; launchers open them again. */
export async function compose(config: DockerProxyConfig, logger: Logger): Promise<DockerProxy> {
  await using parts = new AsyncDisposableStack();
  const registry = createRegistry("docker-proxy");
  const business = createBusinessEvents(logger, registry);
  const socketPath = config.DOCKER_SOCKET;
  const internal = parts.use(
    await startInternalServer({
      host: config.INTERNAL_HOST,
      port: config.INTERNAL_PORT,
      registry,
      checkReady: async () => {
        const answer = await askEngine(socketPath, { method: "GET", path: "/_ping" });
        if (answer.statusCode !== 200) throw new Error(`the engine answers ${answer.statusCode}`);
        await text(answer);
      },
    }),
  );
  const proxy = parts.use(
    await serveProxy({
      host: config.DOCKER_PROXY_HOST,
      port: config.DOCKER_PROXY_PORT,
      socketPath,
      rules: rulesOf(config),
      business,
    }),
  );
  business.started(proxy.port);
  parts.defer(() => business.stopping());
  const all = parts.move();
  return { port: proxy.port, internalPort: internal.port, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function rulesOf(config: DockerProxyConfig): Rules {
  return {
    instance: config.DOCKER_INSTANCE,
    workerImage: config.WORKER_IMAGE,
    dockerInDocker: { mode: config.DOCKER_IN_DOCKER, image: daemonImageOf(config) },
    hasInternet: config.DOCKER_INTERNET,
  };
}

import type { Logger } from "@peerbot/runtime";
import { Counter, type Registry } from "prom-client";

export type BusinessEvents = ReturnType<typeof createBusinessEvents>;

/** What the proxy reports of itself: one log line each, with the metric that belongs to it. */
export function createBusinessEvents(logger: Logger, registry: Registry) {
  const refusals = new Counter({
    name: "peerbot_docker_proxy_refused_total",
    help: "Requests to the Docker engine that no launcher has reason to make",
    registers: [registry],
  });
  const withoutQuery = (url: string) => url.split("?", 1)[0];
  return {
    started: (port: number) => logger.info({ port }, "started"),
    stopping: () => logger.info("stopping"),
    refused(method: string, url: string, reason: string): void {
      refusals.inc();
      logger.warn({ method, path: withoutQuery(url), reason }, "request-refused");
    },
    failed: (method: string, url: string, err: unknown) =>
      logger.error({ method, path: withoutQuery(url), err }, "engine-failed"),
  };
}

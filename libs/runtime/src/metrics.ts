import { collectDefaultMetrics, Registry } from "prom-client";

/** A registry of its own for each service, with Node's process metrics in it and a `service` label on everything. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

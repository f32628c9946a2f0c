import { loadConfig } from "@peerbot/runtime";
import { LauncherConfig } from "../../services/launcher/src/config.ts";
import type { Manifest, Rendered } from "./rendered-chart.ts";

export function workloads(chart: Rendered): Manifest[] {
  return [...chart.of("Deployment"), ...chart.of("StatefulSet")];
}

export function environmentOf(chart: Rendered, service: string): Manifest[] {
  return chart.one("Deployment", `-${service}`).spec.template.spec.containers[0].env;
}

/** The launcher's settings as it reads them in its pod, with secrets that only look like some. */
export function launcherConfigOf(chart: Rendered): LauncherConfig {
  const env = environmentOf(chart, "launcher").map(({ name, value }) => [
    name,
    value ?? (name === "REDIS_URL" ? "redis://redis:6379" : "x".repeat(40)),
  ]);
  return loadConfig(LauncherConfig, Object.fromEntries(env));
}

import type { NetworkCreateOptions } from "dockerode";
import type { WorkerSpec } from "../session-runner.ts";
import type { DockerSettings } from "./docker-settings.ts";
import { GATEWAY_NAME_LABEL, labelsOfThings } from "./run-labels.ts";

/** A run's own network, as the engine made it. */
export interface RunNetwork {
  id: string;
  /** The engine's machine in it, if it is in it. */
  hostAddress: string;
}

/**
 * A network of one run's own: no run meets another one. Unless workers may reach the internet it leads nowhere, and
 * unless the gateway is there the engine's machine has no address in it.
 */
export function runNetworkOf(
  run: Pick<WorkerSpec, "name" | "gatewayUrl">,
  { instance, gateway, hasInternet }: Pick<DockerSettings, "instance" | "gateway" | "hasInternet">,
  subnet: string,
): NetworkCreateOptions {
  const isHostIn = hasInternet || gateway === "host";
  return {
    Name: run.name,
    CheckDuplicate: true,
    Driver: "bridge",
    Internal: !hasInternet,
    EnableIPv6: false,
    IPAM: { Driver: "default", Config: [{ Subnet: subnet, Gateway: hostAddressOf(subnet) }] },
    Options: isHostIn ? {} : { "com.docker.network.bridge.inhibit_ipv4": "true" },
    Labels: { ...labelsOfThings(run.name, instance), [GATEWAY_NAME_LABEL]: gatewayNameOf(run) },
  };
}

/** By what name a worker looks for the gateway. */
export function gatewayNameOf({ gatewayUrl }: Pick<WorkerSpec, "gatewayUrl">): string {
  return new URL(gatewayUrl).hostname;
}

/** The first address of a subnet. */
export function hostAddressOf(subnet: string): string {
  const [network = ""] = subnet.split("/");
  const parts = network.split(".").map(Number);
  return [...parts.slice(0, 3), (parts[3] ?? 0) + 1].join(".");
}

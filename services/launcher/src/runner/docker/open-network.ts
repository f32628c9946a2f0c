import { setTimeout as pause } from "node:timers/promises";
import { RunnerFailure, type WorkerSpec } from "../session-runner.ts";
import type { DockerSettings } from "./docker-settings.ts";
import type { Engine } from "./engine.ts";
import { gatewayNameOf, hostAddressOf, type RunNetwork, runNetworkOf } from "./run-network.ts";
import { subnetsFor } from "./subnets.ts";

/** A network is listed a moment after its addresses are taken. */
const LISTED_MS = [50, 100, 200, 400, 800];

/** The run's network, made unless it is there. @throws RunnerFailure when no addresses are left. */
export async function openNetwork(engine: Engine, run: WorkerSpec, settings: DockerSettings): Promise<RunNetwork> {
  for (const subnet of subnetsFor(run.name, settings.subnets)) {
    const made = await engine.createNetwork(runNetworkOf(run, settings, subnet));
    if (made !== "no-room" && made !== "already-exists") return { id: made, hostAddress: hostAddressOf(subnet) };
    const there = await whoseIs(engine, run.name, subnet);
    if (there !== undefined) return there;
  }
  throw new RunnerFailure("all addresses of DOCKER_SUBNETS are taken", { reason: "unschedulable" });
}

/**
 * The run's network when somebody else has made it meanwhile; `undefined` when the addresses are another's. The engine
 * lets two networks have one name, so that only the addresses, tried by everybody in the same order, keep a run to one.
 */
async function whoseIs(engine: Engine, run: string, subnet: string): Promise<RunNetwork | undefined> {
  for (const pauseMs of LISTED_MS) {
    const networks = await engine.runNetworks();
    const own = networks.find((network) => network.run === run);
    if (own !== undefined) return { id: own.id, hostAddress: hostAddressOf(own.subnet) };
    if (networks.some((network) => network.subnet === subnet)) return undefined;
    await pause(pauseMs);
  }
  return undefined;
}

/** Lets the gateway into a run's network, under the name the workers were told. */
export async function admitGateways(
  engine: Engine,
  network: RunNetwork,
  run: Pick<WorkerSpec, "gatewayUrl">,
  { gateway }: Pick<DockerSettings, "gateway">,
): Promise<void> {
  if (gateway === "host") return;
  const gateways = await engine.gateways({ all: false });
  const alias = gatewayNameOf(run);
  await Promise.all(gateways.map((container) => engine.connect(network.id, container, alias)));
}

/** Takes a run's network away, with everybody who was in it. */
export async function closeNetwork(engine: Engine, run: string): Promise<void> {
  const networks = (await engine.runNetworks()).filter((network) => network.run === run);
  if (networks.length === 0) return;
  const gateways = await engine.gateways({ all: true });
  for (const { id } of networks) await engine.removeNetwork(id, gateways);
}

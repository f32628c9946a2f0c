import { setTimeout as pause } from "node:timers/promises";
import type { ArmedPoints } from "./armed-points.ts";
import type { ChaosSandbox } from "./chaos-sandbox.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { Fault, PlannedFault } from "./plan-chaos.ts";

/** How often each fault was injected, by a name for people. */
export type FaultCounts = Map<string, number>;

export interface InjectPorts {
  chaos: ChaosStack;
  sandbox: ChaosSandbox;
  points: ArmedPoints;
}

/** Injects the planned faults one after the other until all are done or `over` aborts; a fault that finds nothing to break is not counted. */
export async function injectFaults(
  planned: readonly PlannedFault[],
  { over, counts, slow, ...ports }: InjectPorts & { over: AbortSignal; counts: FaultCounts; slow: number },
): Promise<void> {
  for (const { pauseMs, fault } of planned) {
    await pause(pauseMs * slow, undefined, { signal: over }).catch(() => undefined); // Over: the loop ends.
    if (over.aborted) return;
    const name = await inject(fault, ports);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

/** What was done; undefined when there was nothing to do it to. */
async function inject(fault: Fault, { chaos, sandbox, points }: InjectPorts): Promise<string | undefined> {
  const { machines, replicas } = chaos;
  switch (fault.kind) {
    case "kill":
    case "restart":
    case "freeze": {
      const both = replicas[fault.victim];
      const replica = both[fault.choice % both.length];
      const isDone = await (fault.kind === "freeze" ? replica?.freeze(fault.forMs) : replica?.[fault.kind]());
      return isDone ? `${fault.kind} ${fault.victim}` : undefined;
    }
    case "kill-worker":
      return (await machines.kill(fault.choice)) ? "kill worker" : undefined;
    case "freeze-worker":
      return (await machines.freeze(fault.choice, fault.forMs)) ? "freeze worker" : undefined;
    case "lose-worker":
      return (await machines.lose(fault.choice, fault.frozenMs)) ? "lose sight of worker" : undefined;
    case "kill-redis":
      await chaos.killRedis(fault.awayMs);
      return "kill redis";
    case "point":
      await points.armNext(fault.choice, fault.order);
      return undefined; // Counted when it strikes.
    case "stand-in":
      await sandbox.inject(fault.inject);
      return `${fault.inject.standIn} ${fault.inject.kind}`;
    default:
      return fault satisfies never;
  }
}

/** Takes back what waits to happen, so that from now on everything works. Gives the number of answers that met no request. */
export async function endFaults({ chaos, sandbox, points }: InjectPorts): Promise<number> {
  await points.disarm();
  const unmet = await sandbox.pendingFaults();
  await sandbox.clearFaults();
  await chaos.quieten();
  return unmet;
}

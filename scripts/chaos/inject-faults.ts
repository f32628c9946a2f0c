import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { FAULT_HITS_FILE, FAULT_POINTS } from "@peerbot/runtime";
import type { ChaosSandbox } from "./chaos-sandbox.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { Fault, PlannedFault } from "./plan-chaos.ts";

/** How often each fault was injected, by a name for people. */
export type FaultCounts = Map<string, number>;

/** Armed points that nobody has come by yet wait, and more than these at once would only queue up. */
const MAX_ARMED = 6;

/** Injects the planned faults one after the other until all are done or `over` aborts; a fault that finds nothing to break is not counted. */
export async function injectFaults(
  planned: readonly PlannedFault[],
  {
    chaos,
    sandbox,
    over,
    counts,
  }: { chaos: ChaosStack; sandbox: ChaosSandbox; over: AbortSignal; counts: FaultCounts },
): Promise<void> {
  for (const [index, { pauseMs, fault }] of planned.entries()) {
    await pause(pauseMs, undefined, { signal: over }).catch(() => undefined); // Over: the loop ends.
    if (over.aborted) return;
    const name = await inject(fault, { chaos, sandbox, choice: index });
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

/** What was done; undefined when there was nothing to do it to. */
async function inject(
  fault: Fault,
  { chaos, sandbox, choice }: { chaos: ChaosStack; sandbox: ChaosSandbox; choice: number },
): Promise<string | undefined> {
  switch (fault.kind) {
    case "kill":
      return (await chaos.kill(fault.victim)) ? `kill ${fault.victim}` : undefined;
    case "kill-worker":
      return (await chaos.killWorker(choice)) ? "kill worker" : undefined;
    case "kill-redis":
      await chaos.killRedis(fault.awayMs);
      return "kill redis";
    case "point":
      if ((await armedPoints(chaos.pointsDir)).length >= MAX_ARMED) return undefined;
      await chaos.arm(fault.point);
      return undefined; // Counted when it strikes.
    case "stand-in":
      await sandbox.inject(fault.inject);
      return `${fault.inject.standIn} ${fault.inject.kind}`;
    default:
      return fault satisfies never;
  }
}

async function armedPoints(directory: string): Promise<string[]> {
  const known = new Set<string>(FAULT_POINTS.map(({ name }) => name));
  return (await readdir(directory)).filter((name) => known.has(name));
}

/** Takes back what waits to happen, so that from now on everything works. */
export async function endFaults({ chaos, sandbox }: { chaos: ChaosStack; sandbox: ChaosSandbox }): Promise<void> {
  for (const point of await armedPoints(chaos.pointsDir)) await rm(join(chaos.pointsDir, point), { force: true });
  await sandbox.clearFaults();
}

/** How often each point struck, from what the processes noted before they ended; points that never did count 0. */
export async function readHits(pointsDir: string): Promise<Map<string, number>> {
  const hits = new Map<string, number>(FAULT_POINTS.map(({ name }) => [name, 0]));
  const text = await readFile(join(pointsDir, FAULT_HITS_FILE), "utf8").catch(() => "");
  for (const line of text.split("\n").filter((entry) => entry !== "")) {
    const [name = ""] = line.split(" ");
    hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  return hits;
}

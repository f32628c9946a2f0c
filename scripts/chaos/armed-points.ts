import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FAULT_HITS_FILE, FAULT_POINTS, type FaultPoint } from "@peerbot/runtime";
import { choosePoint } from "./choose-point.ts";

/** The named points of a running stack. */
export interface ArmedPoints {
  /** Arms one of the points that struck least often, unless so many wait that they would only queue up. */
  armNext(choice: number, order: string): Promise<void>;
  /** How often each struck; those that never did count 0. */
  hits(): Promise<Map<string, number>>;
  disarm(): Promise<void>;
}

const MAX_WAITING = 8;
/** After this time a point waits for something rare: it keeps waiting, and others are armed beside it. */
const RARE_MS = 15_000;

/** Points that are passed only when another step went wrong: with them, that step is armed. */
const PROVOKED_BY: Readonly<Partial<Record<FaultPoint, FaultPoint>>> = {
  "launcher.after-withdraw": "worker.before-take",
};

const KNOWN: ReadonlySet<string> = new Set(FAULT_POINTS.map(({ name }) => name));

/** `points`: those that are armed; all unless told. */
export function createArmedPoints(directory: string, points: readonly FaultPoint[] | undefined): ArmedPoints {
  const armedAt = new Map<string, number>();

  async function armed(): Promise<string[]> {
    return (await readdir(directory)).filter((name) => KNOWN.has(name));
  }

  /** From what the processes noted before they ended. */
  async function hits(): Promise<Map<string, number>> {
    const counts = new Map<string, number>(FAULT_POINTS.map(({ name }) => [name, 0]));
    const text = await readFile(join(directory, FAULT_HITS_FILE), "utf8").catch(() => "");
    for (const line of text.split("\n").filter((entry) => entry !== "")) {
      const [name = ""] = line.split(" ");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  async function arm(point: FaultPoint, order: string): Promise<void> {
    armedAt.set(point, performance.now());
    await writeFile(join(directory, point), order);
  }

  return {
    hits,
    async armNext(choice, order) {
      const waiting = await armed();
      const now = performance.now();
      const fresh = waiting.filter((name) => now - (armedAt.get(name) ?? 0) < RARE_MS);
      if (fresh.length >= MAX_WAITING) return;
      const point = choosePoint({ hits: await hits(), armed: new Set(waiting), choice, points });
      if (point === undefined) return;
      await arm(point, order);
      const provoking = PROVOKED_BY[point];
      if (provoking !== undefined) await arm(provoking, "kill");
    },
    async disarm() {
      for (const point of await armed()) await rm(join(directory, point), { force: true });
    },
  };
}

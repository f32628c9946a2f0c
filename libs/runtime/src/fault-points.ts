import { appendFileSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { FaultPoint } from "./fault-point-catalogue.ts";

/** One line per fault point that struck: name, process id, milliseconds since 1970, what it did. */
export const FAULT_HITS_FILE = "hits.log";

// The one module-level switch: a point stands in the middle of everything, and handing a port through every function
// above it would change, for the sake of breaking it, the code that is to be proven.
let directory: string | undefined;

/** Arms the fault points of this process; without a directory they do nothing. For a service's `main` alone. */
export function enableFaultPoints(pointsDirectory: string | undefined): void {
  directory = pointsDirectory;
}

/**
 * A place where a breaking test may end this process. It does so when the directory holds a file of that name, which
 * the first process to come by takes away. The file's content says how: empty or `kill` (SIGKILL, as if the power
 * failed), `throw`, `delay 2000` (milliseconds: only this call waits), or `freeze 2000` (the whole process stands still,
 * as on a machine that hangs, and goes on with what it held for true before).
 */
export async function faultPoint(name: FaultPoint): Promise<void> {
  if (directory === undefined) return;
  const order = claimOrder(directory, name);
  if (order === undefined) return;
  appendFileSync(join(directory, FAULT_HITS_FILE), `${name} ${process.pid} ${Date.now()} ${order}\n`);
  await carryOut(name, order);
}

/** Synchronous, so that nothing of this process happens between the claim and the deed. */
function claimOrder(folder: string, name: FaultPoint): string | undefined {
  const file = join(folder, name);
  try {
    const order = readFileSync(file, "utf8").trim();
    // Of several processes only one can remove it.
    unlinkSync(file);
    return order === "" ? "kill" : order;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function carryOut(name: FaultPoint, order: string): Promise<void> {
  const [verb, amount] = order.split(" ");
  switch (verb) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      // The signal takes a moment; nothing may go on meanwhile.
      return new Promise(() => {});
    case "throw":
      throw new Error(`fault point ${name}`);
    case "delay":
      return new Promise((resolve) => setTimeout(resolve, Number(amount)));
    case "freeze":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(amount));
      return;
    default:
      throw new Error(`fault point ${name}: ${JSON.stringify(order)} is none of kill, throw, delay and freeze`);
  }
}

import { setTimeout as pause } from "node:timers/promises";
import type { PlayableStep } from "./next-reply.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import type { Fault } from "./step.ts";

/** Milliseconds between two pieces of text when the script sets no pace: visible streaming that wastes nobody's time. */
const DEFAULT_PACE_MS = 4;

/** Plays the steps onto the wire. `isDue` says whether the fault at this place happens this time. */
export async function playReply(
  steps: readonly PlayableStep[],
  { writer, isDue, cut }: { writer: ReplyWriter; isDue: (index: number) => boolean; cut: () => void },
): Promise<void> {
  let paceMs = DEFAULT_PACE_MS;
  for (const [index, step] of steps.entries()) {
    switch (step.do) {
      case "say":
        await writer.text(step.text, paceMs);
        break;
      case "think":
        await writer.thinking(step.text, paceMs);
        break;
      case "call":
        await writer.call(step);
        break;
      case "wait":
        await pause(step.ms);
        break;
      case "pace":
        paceMs = step.ms;
        break;
      case "fault":
        if (step.fault.kind === "status" || !isDue(index)) break;
        if (step.fault.kind === "cut") cut();
        else if (step.fault.kind === "hang") await hang(step.fault, cut);
        else writer.fail();
        return;
      case "expect":
        break;
      default:
        step satisfies never;
    }
  }
  writer.end();
}

/** Leaves the connection open for its other end to give up. */
async function hang({ cutAfterMs }: Extract<Fault, { kind: "hang" }>, cut: () => void): Promise<void> {
  if (cutAfterMs === undefined) return;
  await pause(cutAfterMs);
  cut();
}

/** What must be settled before the first byte is sent: the first status fault, or an expectation that is not met. */
export function refusalOf(
  steps: readonly PlayableStep[],
  { body, isDue }: { body: string; isDue: (index: number) => boolean },
): { status: number; message?: string; retryAfterSeconds?: number } | undefined {
  for (const [index, step] of steps.entries()) {
    if (step.do === "expect" && !body.includes(JSON.stringify(step.text).slice(1, -1)))
      return { status: 400, message: `The script expected to find “${step.text}” in the request.` };
    if (step.do === "fault" && step.fault.kind === "status" && isDue(index)) return statusOf(step.fault);
  }
  return undefined;
}

function statusOf(fault: Extract<Fault, { kind: "status" }>) {
  return {
    status: fault.status,
    ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
  };
}

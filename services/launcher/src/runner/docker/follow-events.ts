import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

/** Something that happened to a container. */
export const ContainerEvent = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});
export type ContainerEvent = z.infer<typeof ContainerEvent>;

export interface EventObserver {
  happened(event: ContainerEvent): void;
  /** The stream stands: what happens from now on is told, and what the engine still remembers comes first. */
  connected(): void;
  /** It goes on by itself; until then nothing is heard. */
  interrupted(error: unknown): void;
}

const LONGEST_PAUSE_MS = 10_000;

/** Listens to the engine and goes on after every interruption, until aborted; never rejects. */
export async function followEvents(
  open: (signal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  observer: EventObserver,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const stream = await open(signal);
      observer.connected();
      failures = 0;
      for await (const line of createInterface({ input: stream, signal })) {
        const event = ContainerEvent.safeParse(parse(line));
        if (event.success) observer.happened(event.data);
      }
      throw new Error("the engine ended its stream of events");
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      observer.interrupted(error);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** failures) * (0.75 + Math.random() / 2);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut off in the middle
  }
}

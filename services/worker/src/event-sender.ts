import type { NumberedEvent, WorkerEvent } from "@peerbot/contracts";
import { AppError } from "@peerbot/runtime/core";

/** Text that comes within this time goes out as one event, in milliseconds. */
const GATHER_MS = 100;
const LARGEST_BATCH = 200;
/** In bytes of JSON: half of what the gateway takes. */
const HEAVIEST_BATCH = 512 * 1024;
const LONGEST_TEXT = 8_000;
/** Of what has arrived this many are kept: more than a Redis that falls back by some seconds forgets. */
const KEPT_EVENTS = 500;

/**
 * Sends a run's events: in order, numbered without gaps, never an event before its predecessor has arrived. What arrived
 * and was forgotten again, by a Redis that was restored or failed over, is sent once more.
 */
export interface EventSender {
  send(event: WorkerEvent): void;
  /** Resolves when everything sent so far has arrived. @throws when the gateway does not take it any more */
  flush(): Promise<void>;
  /** Rejects when an event cannot be delivered; nothing is sent after it. */
  readonly failed: Promise<never>;
}

/** `deliver` resolves with the highest number that is stored. */
export function createEventSender(deliver: (events: readonly NumberedEvent[]) => Promise<number>): EventSender {
  const waiting: WorkerEvent[] = [];
  /** What was stored last, its last event with the number `lastStored`. */
  let kept: WorkerEvent[] = [];
  let lastStored = 0;
  let timer: NodeJS.Timeout | undefined;
  let draining: Promise<void> | undefined;
  let isBroken = false;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {}); // whoever waits for it hears it; nobody has to

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, countForBatch(waiting));
      const before = lastStored;
      lastStored = await deliver(batch.map((event, index): NumberedEvent => ({ n: before + index + 1, event })));
      kept.push(...batch);
      const missing = before + batch.length - lastStored;
      if (missing > 0) {
        if (lastStored >= before)
          throw new AppError("the gateway does not store events", { code: "events-not-stored" });
        // The numbers go on after what is stored, also when more is missing than was kept.
        waiting.unshift(...kept.splice(-missing));
      }
      kept = kept.slice(-KEPT_EVENTS);
    }
  }

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    draining ??= drain()
      .catch((error: unknown) => {
        isBroken = true;
        broken.reject(error);
        throw error;
      })
      .finally(() => {
        draining = undefined;
      });
    return draining;
  }

  function schedule(): void {
    timer ??= setTimeout(() => void start().catch(() => {}), GATHER_MS); // told through `failed`
  }

  return {
    failed: broken.promise,
    send(event) {
      if (isBroken) return;
      addTo(waiting, event);
      schedule();
    },
    async flush() {
      if (isBroken) return broken.promise;
      while (waiting.length > 0 || draining !== undefined) await start();
    },
  };
}

/** How many of these go out together: one at least. */
function countForBatch(events: readonly WorkerEvent[]): number {
  let count = 0;
  let bytes = 0;
  for (const event of events.slice(0, LARGEST_BATCH)) {
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (count > 0 && bytes > HEAVIEST_BATCH) break;
    count += 1;
  }
  return count;
}

/** Joins text to text that still waits; everything else stays apart. */
function addTo(waiting: WorkerEvent[], event: WorkerEvent): void {
  const last = waiting.at(-1);
  const joins = event.type === "text" && last?.type === "text" && last.text.length + event.text.length <= LONGEST_TEXT;
  if (joins) waiting[waiting.length - 1] = { type: "text", text: last.text + event.text };
  else waiting.push(event);
}

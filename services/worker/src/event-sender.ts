import type { NumberedEvent, WorkerEvent } from "@peerbot/contracts";

/** Text that comes within this time goes out as one event, in milliseconds. */
const GATHER_MS = 100;
const LARGEST_BATCH = 200;
const LONGEST_TEXT = 8_000;

/** Sends a run's events: in order, numbered without gaps, never an event before its predecessor has arrived. */
export interface EventSender {
  send(event: WorkerEvent): void;
  /** Resolves when everything sent so far has arrived. @throws when the gateway does not take it any more */
  flush(): Promise<void>;
  /** Rejects when an event cannot be delivered; nothing is sent after it. */
  readonly failed: Promise<never>;
}

export function createEventSender(deliver: (events: readonly NumberedEvent[]) => Promise<void>): EventSender {
  const waiting: WorkerEvent[] = [];
  let lastNumber = 0;
  let timer: NodeJS.Timeout | undefined;
  let draining: Promise<void> | undefined;
  let isBroken = false;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {}); // whoever waits for it hears it; nobody has to

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LARGEST_BATCH).map((event): NumberedEvent => ({ n: ++lastNumber, event }));
      await deliver(batch);
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

/** Joins text to text that still waits; everything else stays apart. */
function addTo(waiting: WorkerEvent[], event: WorkerEvent): void {
  const last = waiting.at(-1);
  const joins = event.type === "text" && last?.type === "text" && last.text.length + event.text.length <= LONGEST_TEXT;
  if (joins) waiting[waiting.length - 1] = { type: "text", text: last.text + event.text };
  else waiting.push(event);
}

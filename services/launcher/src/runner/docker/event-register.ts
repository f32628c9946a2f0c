import type { ContainerEvent } from "./follow-events.ts";
import { type HeardOf, NOTHING_HEARD } from "./judge-container.ts";
import { ROLE_LABEL, RUN_LABEL } from "./run-labels.ts";

export type EventRegister = ReturnType<typeof createEventRegister>;

/** What happened to a run that is gone is kept for a while, for launchers that ask late. */
const REMEMBERED_MS = 10 * 60_000;

/** SIGHUP: our own way of saying that the deadline moved. */
const DEADLINE_MOVED = "1";

/** What was heard of each run, and who waits for news of one. */
export function createEventRegister({ gatewayStarted }: { gatewayStarted: (container: string) => void }) {
  const heard = new Map<string, { container: string; facts: HeardOf; goneAt?: number }>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let listening = Promise.withResolvers<void>();
  let isListening = false;

  const ring = (run: string) => {
    waiting.get(run)?.resolve();
    waiting.delete(run);
  };
  const forgetOld = () => {
    for (const [run, { goneAt = Number.POSITIVE_INFINITY }] of heard) {
      if (Date.now() - goneAt > REMEMBERED_MS) heard.delete(run);
    }
  };

  return {
    connected(): void {
      isListening = true;
      listening.resolve();
      forgetOld();
      for (const run of [...waiting.keys()]) ring(run);
    },
    /** Also told when listening again fails: whoever waits for it goes on waiting for the same. */
    interrupted(): void {
      if (isListening) listening = Promise.withResolvers();
      isListening = false;
    },
    happened({ Action: action, Actor: { ID: container, Attributes: attributes } }: ContainerEvent): void {
      if (attributes[ROLE_LABEL] === "gateway" && action === "start") gatewayStarted(container);
      const run = attributes[RUN_LABEL];
      if (attributes[ROLE_LABEL] !== "worker" || run === undefined) return;
      const known = heard.get(run);
      const facts = known?.container === container ? known.facts : NOTHING_HEARD;
      const change = factsOf(action, attributes);
      heard.set(run, {
        container,
        facts: { ...facts, ...change },
        ...(action === "destroy" ? { goneAt: Date.now() } : {}),
      });
      if (action === "destroy") forgetOld();
      ring(run);
    },
    /** Resolves once the engine is listened to. */
    ready: (): Promise<void> => listening.promise,
    heardOf: (run: string): HeardOf | undefined => heard.get(run)?.facts,
    /** Resolves with the next thing that happens to a run. */
    news(run: string): Promise<void> {
      const waiter = waiting.get(run) ?? Promise.withResolvers<void>();
      waiting.set(run, waiter);
      return waiter.promise;
    },
  };
}

function factsOf(action: string, attributes: ContainerEvent["Actor"]["Attributes"]): Partial<HeardOf> {
  if (action === "kill" && attributes.signal !== DEADLINE_MOVED) return { wasSignalled: true };
  if (action === "oom") return { isOutOfMemory: true };
  if (action === "die") return { exitCode: Number(attributes.exitCode) };
  return {};
}

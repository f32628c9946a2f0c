import { methodOf, type Next } from "../plan/operation.ts";
import { refreshView } from "./refresh-view.ts";
import type { OwnedThread, ThreadPorts } from "./thread-ports.ts";

/** Pub/sub news can get lost: who waits looks by itself this often. */
export const LOOK_EVERY_MS = 5_000;

type Act = Extract<Next, { kind: "do" }>;

/** Waits for the right to make the planned call; false when meanwhile something else has become the next thing to do. */
export async function awaitTurn(
  ports: ThreadPorts,
  owned: OwnedThread,
  planned: Act,
  plan: () => Next,
): Promise<boolean> {
  const overtaken = new AbortController();
  const { team, channel } = owned.thread;
  const signal = AbortSignal.any([owned.signal, overtaken.signal]);
  const method = methodOf(planned.operation);
  let isWaiting = true;
  const granted = ports.pacer.acquire({ team, channel, method, priority: planned.priority, signal }).finally(() => {
    isWaiting = false;
    owned.bell.ring();
  });
  granted.catch(() => {}); // awaited below; it may fail while this waits for the bell
  try {
    while (isWaiting) {
      await owned.bell.wait(LOOK_EVERY_MS);
      if (!isWaiting) break;
      await refreshView(ports, owned);
      if (!isSameTurn(planned, plan())) overtaken.abort();
    }
  } catch (error) {
    overtaken.abort(); // Nobody would use the turn any more.
    throw error;
  }
  try {
    await granted;
    return true;
  } catch (error) {
    if (overtaken.signal.aborted && !owned.signal.aborted) return false;
    throw error;
  }
}

/** Whether a turn that was waited for also serves what is planned now. */
export function isSameTurn(planned: Act, next: Next): next is Act {
  return (
    next.kind === "do" && next.priority === planned.priority && methodOf(next.operation) === methodOf(planned.operation)
  );
}

import { setTimeout as pause } from "node:timers/promises";

/** Waits, for at most so many milliseconds. @throws as soon as `leaving` is aborted. */
export async function orLeave(promise: Promise<void>, leaving: AbortSignal, timeoutMs = 2 ** 31 - 1): Promise<void> {
  const over = new AbortController();
  const time = pause(timeoutMs, undefined, { signal: AbortSignal.any([leaving, over.signal]) });
  try {
    await Promise.race([promise, time.catch(() => undefined)]); // aborted: told below
  } finally {
    over.abort();
  }
  leaving.throwIfAborted();
}

/** News may be lost on the way, so whoever waits looks by itself this often. */
const LOOK_EVERY_MS = 5_000;

interface Looking<T> {
  look(): Promise<T>;
  /** Whether what was seen is worth an answer before the time is over. */
  isNews(seen: T): boolean;
  /** Resolves when there may be something new to see, and when the time is over or the signal aborted. */
  heard(options: { timeoutMs: number; signal: AbortSignal }): Promise<void>;
  waitSeconds: number;
  /** Ends the waiting with what was seen last. */
  giveUp: AbortSignal;
}

/** A long poll: looks until there is news or the time is over, and answers with what it saw last. */
export async function lookUntilNews<T>({ look, isNews, heard, waitSeconds, giveUp }: Looking<T>): Promise<T> {
  const waitUntil = performance.now() + waitSeconds * 1000;
  for (;;) {
    const remaining = waitUntil - performance.now();
    const looked = new AbortController();
    // Listens before it looks: what comes in between is not slept through.
    const hearing = heard({
      timeoutMs: Math.max(0, Math.min(remaining, LOOK_EVERY_MS)),
      signal: AbortSignal.any([giveUp, looked.signal]),
    });
    try {
      const seen = await look();
      if (isNews(seen) || remaining <= 0 || giveUp.aborted) return seen;
      await hearing;
    } finally {
      looked.abort();
    }
  }
}

/** Wakes one waiting loop. A ring while nobody waits is not lost: the next wait returns at once. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, after `timeoutMs`, or when aborted; never rejects. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let isRung = false;
  let wake = () => {};
  return {
    ring() {
      isRung = true;
      wake();
    },
    wait: (timeoutMs, signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          wake = () => {};
          isRung = false;
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        signal?.addEventListener("abort", done, { once: true });
        wake = done;
        if (isRung || signal?.aborted) done();
      }),
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@peerbot/runtime";

export interface AttemptOptions {
  /** How often in all. */
  attempts: number;
  /** Before the second attempt, in milliseconds; doubles each time, with up to half of it added by chance. */
  firstDelayMs: number;
  /** What one attempt may take, in milliseconds. */
  timeoutMs: number;
}

/** Does it again as long as it fails with a retryable `AppError`, each time with a signal that ends the attempt. */
export async function attemptRepeatedly<T>(
  { attempts, firstDelayMs, timeoutMs }: AttemptOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action(AbortSignal.timeout(timeoutMs));
    } catch (error) {
      const isWorthAnother = error instanceof AppError && error.retryable && attempt < attempts;
      if (!isWorthAnother) throw error;
      await sleep(firstDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 2));
    }
  }
}

/** For calls that cannot be cancelled: stops waiting for them when the signal fires. @throws the signal's reason. */
export async function orAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

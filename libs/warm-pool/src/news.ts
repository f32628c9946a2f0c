import type { Redis } from "ioredis";
import { warmPoolKeys } from "./keys.ts";

/** News of members over Redis pub/sub. It is only for speed: a message may be lost, so whoever waits also looks by itself. */
export interface WarmNews {
  /** Resolves at the next news of a member, after `timeoutMs`, or when aborted; never rejects. */
  next(member: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<void>;
}

/** `subscriber` is a connection that does nothing else; others may have subscribed to their channels on it. */
export async function subscribeWarmNews({
  subscriber,
  prefix,
}: {
  subscriber: Redis;
  prefix: string;
}): Promise<WarmNews> {
  const channel = warmPoolKeys(prefix).news;
  const waiting = new Map<string, Set<() => void>>();
  subscriber.on("message", (from, member: string) => {
    if (from !== channel) return;
    for (const wake of [...(waiting.get(member) ?? [])]) wake();
  });
  await subscriber.subscribe(channel);
  return {
    next: (member, { timeoutMs, signal }) =>
      new Promise<void>((resolve) => {
        const wakers = waiting.get(member) ?? new Set();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          wakers.delete(done);
          if (wakers.size === 0) waiting.delete(member);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        waiting.set(member, wakers.add(done));
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted) done();
      }),
  };
}

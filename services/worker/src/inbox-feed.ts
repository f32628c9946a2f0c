import { setTimeout as pause } from "node:timers/promises";
import type { InboxEntry, InboxPage } from "@peerbot/contracts";

const POLL_SECONDS = 20;

/** The session's inbox as it fills, polled all the time. */
export interface InboxFeed extends AsyncDisposable {
  /** Entries nobody has taken yet, oldest first; they are taken by this call. */
  take(): InboxEntry[];
  /** Resolves when there is something to take, or when `signal` is aborted. */
  arrival(signal: AbortSignal): Promise<void>;
  /** Rejects when the inbox cannot be read any more. */
  readonly failed: Promise<never>;
}

export interface InboxSource {
  inbox(options: { after: string; waitSeconds: number; signal?: AbortSignal }): Promise<InboxPage>;
}

export function startInboxFeed(source: InboxSource, { after }: { after: string }): InboxFeed {
  const stopping = new AbortController();
  const waiting: InboxEntry[] = [];
  let news = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {}); // whoever waits for it hears it; nobody has to

  async function poll(): Promise<void> {
    let last = after;
    while (!stopping.signal.aborted) {
      const askedAt = performance.now();
      const { entries } = await source.inbox({ after: last, waitSeconds: POLL_SECONDS, signal: stopping.signal });
      last = entries.at(-1)?.inboxId ?? last;
      if (entries.length === 0) {
        // A gateway that stops answers waiting polls at once: no reason to ask it a thousand times a second.
        if (performance.now() - askedAt < 500) await pause(250, undefined, { signal: stopping.signal });
        continue;
      }
      waiting.push(...entries);
      news.resolve();
    }
  }

  const polling = poll().catch((error: unknown) => {
    if (!stopping.signal.aborted) broken.reject(error);
  });

  return {
    failed: broken.promise,
    take() {
      news = Promise.withResolvers<void>();
      return waiting.splice(0);
    },
    async arrival(signal) {
      if (waiting.length > 0 || signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener("abort", abort);
      await Promise.race([news.promise, aborted.promise, broken.promise]);
      signal.removeEventListener("abort", abort);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await polling;
    },
  };
}

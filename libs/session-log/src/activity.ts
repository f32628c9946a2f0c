import { SessionKey } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { sharedKeys } from "./keys.ts";

/** What is new in a session: `inbox` a message, `events` an event, `stop` somebody pressed Stop. */
export type ActivityKind = "inbox" | "events" | "stop";

/**
 * News of sessions over Redis pub/sub. It is only for speed: a message may be lost, so whoever listens also looks by
 * itself from time to time.
 */
export interface SessionActivity extends AsyncDisposable {
  /** Calls back for each piece of news until the returned function is called. */
  listen(listener: (kind: ActivityKind, key: SessionKey) => void): () => void;
  /** Resolves at the next news of that kind for the session, after `timeoutMs`, or when aborted; never rejects. */
  next(kind: ActivityKind, key: SessionKey, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
}

/** `subscriber` is a connection of its own: Redis allows no other command on it. It is closed with the activity. */
export async function subscribeActivity({
  subscriber,
  prefix,
}: {
  subscriber: Redis;
  prefix: string;
}): Promise<SessionActivity> {
  const listeners = new Set<(kind: ActivityKind, key: SessionKey) => void>();
  subscriber.on("message", (_channel, text: string) => {
    const news = parseNews(text);
    if (news !== undefined) for (const listener of [...listeners]) listener(news.kind, news.key);
  });
  await subscriber.subscribe(sharedKeys(prefix).activity);
  const listen: SessionActivity["listen"] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    listen,
    next: (kind, key, { timeoutMs, signal }) =>
      new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          unlisten();
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        const unlisten = listen((newsKind, newsKey) => {
          if (newsKind === kind && newsKey === key) done();
        });
        signal?.addEventListener("abort", done, { once: true });
        if (signal?.aborted) done();
      }),
    [Symbol.asyncDispose]: async () => {
      listeners.clear();
      subscriber.disconnect();
    },
  };
}

function parseNews(text: string): { kind: ActivityKind; key: SessionKey } | undefined {
  const [kind, rawKey] = text.split(" ");
  const key = SessionKey.safeParse(rawKey);
  if (!key.success || (kind !== "inbox" && kind !== "events" && kind !== "stop")) return undefined;
  return { kind, key: key.data };
}

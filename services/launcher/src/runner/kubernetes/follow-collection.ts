import { setTimeout as pause } from "node:timers/promises";
import type { KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";
import { type KubeConfig, Watch } from "@kubernetes/client-node";

export interface CollectionObserver<T> {
  /** All there is now; `askedAt` is when it was asked for, in milliseconds since 1970. */
  replaced(items: readonly T[], askedAt: number): void;
  changed(item: T): void;
  gone(item: T): void;
  /** It goes on by itself; until then nothing new is seen. */
  interrupted(error: unknown): void;
}

export interface Collection<T extends KubernetesObject> {
  path: string;
  labelSelector?: string;
  fieldSelector?: string;
  list(): Promise<KubernetesListObject<T>>;
}

/** From time to time everything is listed anew, whatever the watch says. */
const RESYNC_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Lists a collection, watches it and goes on after every interruption, until aborted; never rejects. The client's own
 * informer stops at the first broken connection, never lists again and asks for no bookmarks.
 */
export async function followCollection<T extends KubernetesObject>(
  config: KubeConfig,
  collection: Collection<T>,
  observer: CollectionObserver<T>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const askedAt = Date.now();
      const list = await collection.list();
      observer.replaced(list.items, askedAt);
      const listedAt = Date.now();
      let version = list.metadata?.resourceVersion ?? "";
      while (!signal.aborted && Date.now() - listedAt < RESYNC_MS) {
        const began = Date.now();
        version = await watchOnce(config, { ...collection, version }, observer, signal);
        failures = 0;
        // A server that ends watches at once is not asked again at once.
        if (Date.now() - began < 1_000) await pause(1_000, undefined, { signal });
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      // What is listed anew at once need not be told, unless that does not help either.
      if (error instanceof VersionExpired && failures === 1) continue;
      observer.interrupted(error);
      await pause(pauseMs(failures), undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    }
  }
}

/** The server has forgotten what happened since our version: list again. */
class VersionExpired extends Error {}

/** Watches until the server ends it or falls silent; gives the version to go on from. */
async function watchOnce<T extends KubernetesObject>(
  config: KubeConfig,
  { path, labelSelector, fieldSelector, version }: Collection<T> & { version: string },
  observer: CollectionObserver<T>,
  signal: AbortSignal,
): Promise<string> {
  let latest = version;
  let refused = false;
  const parameters = { labelSelector, fieldSelector, resourceVersion: version, allowWatchBookmarks: true };
  const receive = (type: string, object: T) => {
    if (type === "ERROR") refused = true;
    else latest = object.metadata?.resourceVersion ?? latest;
    if (type === "ADDED" || type === "MODIFIED") observer.changed(object);
    if (type === "DELETED") observer.gone(object);
  };
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const done = (error: unknown) => (error === null || error === undefined ? resolve() : reject(error));
  // The time limit of `config` is for answers; a watch is aborted through its own controller, once it is connected.
  void new Watch(config).watch(path, parameters, receive, done).then((controller) => {
    const abort = () => controller.abort();
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    const forget = () => signal.removeEventListener("abort", abort);
    void over.then(forget, forget);
  }, reject);
  try {
    await over;
  } catch (error) {
    if (statusOf(error) === 410) throw new VersionExpired();
    if (!isSilence(error)) throw error;
  }
  if (refused) throw new VersionExpired();
  return latest;
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
}

/** The client ends a watch in which nothing came for half a minute. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function pauseMs(failures: number): number {
  // Spread, so that launchers do not come back all at once.
  return Math.min(LONGEST_PAUSE_MS, 250 * 2 ** Math.min(failures - 1, 10)) * (0.75 + Math.random() / 2);
}

import type { FastifyReply } from "fastify";
import { statusBody } from "./kubernetes-failure.ts";
import { KINDS, type Plural } from "./model.ts";
import type { Change, ObjectStore } from "./object-store.ts";
import type { Matches } from "./selectors.ts";

export interface WatchRequest {
  plural: Plural;
  namespace: string | undefined;
  matches: Matches;
  /** Unset or 0: begin with all there is. */
  since: number | undefined;
  wantsBookmarks: boolean;
  timeoutSeconds: number | undefined;
}

export interface Watches extends Disposable {
  /** Answers with changes, one JSON document per line, for as long as both sides want. */
  begin(reply: FastifyReply, request: WatchRequest): void;
  /** Ends all watches: politely, as a server that restarts, or by cutting the connections. */
  end(how: "politely" | "abruptly"): void;
  count(): number;
}

const BOOKMARK_MS = 5_000;

/** Streams changes of the store to whoever watches. */
export function createWatches(store: ObjectStore): Watches {
  const open = new Map<FastifyReply, () => void>();
  const end = (how: "politely" | "abruptly") => {
    for (const [reply, close] of [...open]) {
      if (how === "abruptly") reply.raw.socket?.destroy();
      close();
    }
  };
  return {
    count: () => open.size,
    end,
    begin(reply, request) {
      reply.hijack();
      reply.raw.writeHead(200, { "content-type": "application/json", "transfer-encoding": "chunked" });
      reply.raw.flushHeaders();
      const write = (type: string, object: unknown) => void reply.raw.write(`${JSON.stringify({ type, object })}\n`);
      const stop = stream(store, request, write);
      if (stop === undefined) return void reply.raw.end();
      const bookmarks = setInterval(() => write("BOOKMARK", bookmarkOf(request.plural, store)), BOOKMARK_MS);
      if (!request.wantsBookmarks) clearInterval(bookmarks);
      const close = () => {
        stop();
        clearInterval(bookmarks);
        clearTimeout(timeout);
        open.delete(reply);
        reply.raw.end();
      };
      const timeout = setTimeout(close, (request.timeoutSeconds ?? 1800) * 1_000);
      open.set(reply, close);
      reply.raw.once("close", close);
    },
    [Symbol.dispose]: () => end("politely"),
  };
}

/** Writes what happened since, then what happens; gives back how to stop, or `undefined` when the past is forgotten. */
function stream(
  store: ObjectStore,
  { plural, namespace, matches, since, ...rest }: WatchRequest,
  write: (type: string, object: unknown) => void,
): (() => void) | undefined {
  const tell = (change: Change) => {
    if (change.plural !== plural) return;
    if (namespace !== undefined && change.object.metadata.namespace !== namespace) return;
    const type = seenAs(change, matches);
    if (type !== undefined) write(type, change.object);
  };
  if (since === undefined || since === 0) {
    for (const object of store.list(plural, namespace).filter(matches)) write("ADDED", object);
  } else if (since < store.forgottenBefore()) {
    write("ERROR", statusBody(410, `too old resource version: ${since} (${store.forgottenBefore()})`, "Expired"));
    return undefined;
  } else {
    for (const change of store.changesAfter(since)) tell(change);
  }
  if (rest.wantsBookmarks) write("BOOKMARK", bookmarkOf(plural, store));
  return store.listen(tell);
}

/** What a change is to a watch that selects: an object may come into its sight or leave it. */
function seenAs({ type, object, before }: Change, matches: Matches): Change["type"] | undefined {
  const [wasSeen, isSeen] = [before !== undefined && matches(before), matches(object)];
  if (type === "ADDED") return isSeen ? "ADDED" : undefined;
  if (type === "DELETED") return wasSeen ? "DELETED" : undefined;
  if (isSeen) return wasSeen ? "MODIFIED" : "ADDED";
  return wasSeen ? "DELETED" : undefined;
}

function bookmarkOf(plural: Plural, store: ObjectStore) {
  const { kind, apiVersion } = KINDS[plural];
  return { kind, apiVersion, metadata: { resourceVersion: String(store.version()), creationTimestamp: null } };
}

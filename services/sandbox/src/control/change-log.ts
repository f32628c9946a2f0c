import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Change } from "../slack/model.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import type { StreamItem } from "./api.ts";
import { presentMessage, presentSession, presentView } from "./present.ts";

/** An entry holds a whole message, up to some 20 kB: this bounds what a busy sandbox remembers. */
const MAX_ENTRIES = 2_000;

export interface LogEntry {
  /** For `Last-Event-ID`. */
  id: string;
  item: StreamItem;
  channel: string | null;
  threadTs: string | null;
}

/** What happened lately, for clients that follow along and may have missed some. */
export interface ChangeLog extends Disposable {
  /** Entries after `lastId`; undefined when that is no longer known. */
  since(lastId: string): LogEntry[] | undefined;
  follow(listener: (entry: LogEntry) => void): () => void;
}

export function createChangeLog(slack: SlackStandIn): ChangeLog {
  const run = randomUUID().slice(0, 8);
  const entries: LogEntry[] = [];
  const news = new EventEmitter<{ entry: [LogEntry] }>();
  news.setMaxListeners(0);
  let count = 0;

  const add = (entry: Omit<LogEntry, "id">) => {
    count += 1;
    const numbered = { id: `${run}-${count}`, ...entry };
    entries.push(numbered);
    if (entries.length > MAX_ENTRIES) entries.shift();
    news.emit("entry", numbered);
  };
  const stopWatching = slack.workspace.watch((change) => {
    for (const entry of entriesOf(change, slack)) add(entry);
  });

  return {
    since(lastId) {
      const [, sequence] = lastId.split("-");
      const missed = count - Number(sequence);
      const isKnown = lastId === `${run}-${sequence}` && missed >= 0 && missed <= entries.length;
      return isKnown ? entries.slice(entries.length - missed) : undefined;
    },
    follow(listener) {
      news.on("entry", listener);
      return () => news.off("entry", listener);
    },
    [Symbol.dispose]: stopWatching,
  };
}

function entriesOf(change: Change, slack: SlackStandIn): Omit<LogEntry, "id">[] {
  if (change.type === "view") {
    return [
      { item: { type: "view", view: presentView(change.view), closed: change.closed }, channel: null, threadTs: null },
    ];
  }
  if (change.type === "session") {
    const session = presentSession(change.session, slack);
    return [{ item: { type: "session", session }, channel: session.channel, threadTs: session.threadTs }];
  }
  const { message } = change;
  const place = { channel: message.channel, threadTs: message.threadTs ?? message.ts };
  if (change.type === "deleted") {
    const { channel, ts, threadTs } = message;
    return [{ item: { type: "deleted", channel, ts, threadTs }, ...place }, ...rootEntries(message, slack)];
  }
  const presented = presentMessage(message, slack);
  if (change.type === "ephemeral") return [{ item: { type: "ephemeral", message: presented }, ...place }];
  const entry = { item: { type: "message" as const, change: change.type, message: presented }, ...place };
  return change.type === "posted" ? [entry, ...rootEntries(message, slack)] : [entry];
}

/** A reply that comes or goes changes the counts at its root. */
function rootEntries(
  { channel, threadTs, ephemeralTo }: Extract<Change, { message: unknown }>["message"],
  slack: SlackStandIn,
): Omit<LogEntry, "id">[] {
  const root = threadTs === null || ephemeralTo !== null ? undefined : slack.workspace.message(channel, threadTs);
  if (root === undefined) return [];
  const item: StreamItem = { type: "message", change: "updated", message: presentMessage(root, slack) };
  return [{ item, channel, threadTs }];
}

import type { InboxEntry } from "@peerbot/contracts";
import type { Turn, TurnRequest, TurnResult } from "./agent/agent.ts";
import type { InboxFeed } from "./inbox-feed.ts";
import { type Request, readRequests } from "./read-requests.ts";

/** How a turn went, and what of the inbox it took. */
export interface TurnReport {
  result: TurnResult;
  isStopped: boolean;
  /** The newest inbox entry that was dealt with. */
  handledThrough: string;
  /** Entries that came too late for this turn. */
  left: InboxEntry[];
  /** What people wrote for this turn. */
  words: string[];
}

export interface TurnPorts {
  startTurn: (request: Pick<TurnRequest, "prompt">) => Turn;
  feed: InboxFeed;
  /** Identities of messages the agent has been given; grows. */
  given: Set<string>;
  onTaken: (ids: string[]) => void;
  /** Aborted when the work must be saved now. */
  saving: AbortSignal;
  /** Rejects when the run cannot go on. */
  broken: Promise<never>;
}

/** Has the agent do what was asked, and passes on what people write meanwhile. */
export async function takeTurn(
  { requests, handledThrough }: { requests: readonly Request[]; handledThrough: string },
  ports: TurnPorts,
): Promise<TurnReport> {
  const { feed, saving, broken } = ports;
  const report = { isStopped: false, handledThrough, left: [] as InboxEntry[], words: requests.map(wordsOf) };
  note(requests, ports);
  const turn = ports.startTurn({ prompt: requests.map(({ text }) => text).join("\n\n") });
  const over = new AbortController();
  const interrupt = () => turn.interrupt();
  if (saving.aborted) interrupt();
  saving.addEventListener("abort", interrupt);

  async function steer(): Promise<void> {
    while (!over.signal.aborted) {
      await feed.arrival(over.signal);
      for (const entry of over.signal.aborted ? [] : feed.take()) passOn(entry);
    }
  }

  function passOn(entry: InboxEntry): void {
    if (report.left.length > 0 || report.isStopped) {
      report.left.push(entry);
    } else if (entry.message.kind === "stop") {
      report.isStopped = true;
      report.handledThrough = entry.inboxId;
      ports.onTaken([entry.message.id]);
      interrupt();
    } else {
      give(entry);
    }
  }

  function give(entry: InboxEntry): void {
    // A press of Continue or Try again while the run is live asks for what is happening already.
    const isPress = entry.message.kind === "continue" || entry.message.kind === "retry";
    const { list } = readRequests([entry], { given: ports.given, unfinished: [] });
    const accepted = isPress || list.every(({ text }) => turn.say(text));
    if (!accepted) {
      report.left.push(entry);
      return;
    }
    note(isPress ? [{ ids: [entry.message.id], text: "", words: "" }] : list, ports);
    report.words.push(...list.map(wordsOf));
    report.handledThrough = entry.inboxId;
  }

  try {
    const steering = steer();
    const result = await Promise.race([turn.done, broken, steering.then(() => turn.done)]);
    over.abort();
    await steering;
    return { ...report, result, words: report.words.filter((words) => words !== "") };
  } catch (error) {
    interrupt();
    await turn.done;
    throw error;
  } finally {
    over.abort();
    saving.removeEventListener("abort", interrupt);
  }
}

function note(requests: readonly Request[], { given, onTaken }: TurnPorts): void {
  const ids = requests.flatMap((request) => request.ids);
  for (const id of ids) given.add(id);
  if (ids.length > 0) onTaken(ids);
}

function wordsOf({ words }: Request): string {
  return words;
}

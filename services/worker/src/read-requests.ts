import type { InboxEntry, InboxMessage } from "@peerbot/contracts";

/** How the agent is asked for the same thing once more. */
export const TRY_AGAIN = "Try again.";

/** One text for the agent and the messages it stands for. */
export interface Request {
  text: string;
  ids: string[];
  /** What the person wrote, without words of ours around it; empty when they pressed a button. */
  words: string;
  /** Slack timestamp of the edit it stands for, if it does. */
  editedTs?: string;
}

/** What a batch of inbox entries asks for. */
export interface Requests {
  /** Oldest first. */
  list: Request[];
  /** Somebody pressed Stop: what came before it in the batch is withdrawn. */
  isStopped: boolean;
  /** The messages that were withdrawn, and the presses of Stop. */
  withdrawn: string[];
}

export interface RequestContext {
  /** Identities of messages the agent has been given already. */
  given: ReadonlySet<string>;
  /** What a failed run was asked and the conversation does not hold. */
  unfinished: readonly Request[];
}

/**
 * Reads a batch: an edit replaces its message as long as the agent has not been given it, and is a correction after
 * that; Stop withdraws what stands before it; “Try again” takes what stands before it into itself.
 */
export function readRequests(entries: readonly InboxEntry[], context: RequestContext): Requests {
  const messages = entries.map(({ message }) => message);
  const lastStop = messages.findLastIndex(({ kind }) => kind === "stop");
  const list: Request[] = [];
  for (const message of messages.slice(lastStop + 1)) {
    const edited = message.kind === "edited" ? list.find(({ ids }) => ids.includes(message.edits)) : undefined;
    if (message.kind === "edited" && edited !== undefined) {
      edited.ids.push(message.id);
      // Slack keeps no order among events: an older edit may come last.
      if ((message.editedTs ?? "") < (edited.editedTs ?? "")) continue;
      edited.text = message.text;
      edited.words = message.text;
      Object.assign(edited, editOf(message));
    } else if (message.kind === "retry") {
      const ids = list.splice(0).flatMap((request) => request.ids);
      const again = requestOf(message, context);
      list.push(...again.map((request) => ({ ...request, ids: [...new Set([...ids, ...request.ids])] })));
    } else {
      list.push(...requestOf(message, context));
    }
  }
  return {
    list,
    isStopped: lastStop >= 0,
    withdrawn: messages.slice(0, lastStop + 1).map(({ id }) => id),
  };
}

function requestOf(message: InboxMessage, { given, unfinished }: RequestContext): Request[] {
  const ids = [message.id];
  switch (message.kind) {
    case "said":
      return given.has(message.id) ? [] : [{ text: message.text, words: message.text, ids, ...editOf(message) }];
    case "edited":
      return [{ text: `I corrected an earlier message. It now reads:\n\n${message.text}`, words: message.text, ids }];
    case "continue":
      return [{ text: "Carry on where you left off.", words: "", ids }];
    case "retry": {
      const words = unfinished.map((request) => request.words);
      return [
        {
          text: [TRY_AGAIN, ...words].join("\n\n"),
          words: words.join("\n\n"),
          ids: [...unfinished.flatMap((request) => request.ids), ...ids],
        },
      ];
    }
    case "stop":
      return [];
    default:
      return message satisfies never;
  }
}

function editOf({ editedTs }: { editedTs?: string | undefined }): { editedTs?: string } {
  return editedTs === undefined ? {} : { editedTs };
}

/** The press of “Try again” that stands for all before it. */
export function lastRetry(entries: readonly InboxEntry[]): InboxEntry | undefined {
  return entries.findLast(({ message }) => message.kind === "retry");
}

/** What people wrote up to an entry, edits worked in: what there is to try again. */
export function requestsBefore(entries: readonly InboxEntry[], inboxId: string): Request[] {
  const before = entries.slice(
    0,
    entries.findIndex((entry) => entry.inboxId === inboxId),
  );
  // An earlier press of “Try again” said nothing of its own.
  const said = before.filter(({ message }) => message.kind !== "retry");
  return readRequests(said, { given: new Set(), unfinished: [] }).list.filter(({ words }) => words !== "");
}

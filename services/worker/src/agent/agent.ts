import type { Failure, Usage } from "@peerbot/contracts";

/** What the agent remembers of a conversation, as it is saved. Opaque but for its own adapter. */
export interface AgentMemory {
  sessionId: string;
  /** Entries by file; the main transcript is "". */
  transcript: Record<string, unknown[]>;
}

/** What an agent does while it works, as people are shown it. */
export type AgentEvent =
  | { type: "text"; text: string }
  | { type: "step"; id: string; title: string; status: "in_progress" | "complete" | "error"; detail?: string }
  | { type: "notice"; text: string };

export interface TurnResult {
  /** `interrupted`: by `interrupt()`. */
  status: "completed" | "interrupted" | "failed";
  /** There when it failed. */
  failure?: Failure;
  usage: Usage;
  /** The last thing the agent said, Markdown. */
  answer: string;
}

export interface Turn {
  /**
   * Gives the agent one more message while it works. False when the turn takes none any more: the message belongs to
   * the next turn then.
   */
  say(text: string): boolean;
  /** Makes the agent leave off; `done` follows within seconds. */
  interrupt(): void;
  /** Ends once the agent and everything it started is gone. It does not reject. */
  readonly done: Promise<TurnResult>;
}

/** What a turn goes on with: known as soon as the session is, before its repository is here. */
export interface Conversation {
  /** Changed in place as the conversation goes on, also in a turn that fails. */
  memory: AgentMemory;
  /** What the agent is told about its surroundings, beside its own instructions. A conversation keeps its first. */
  briefing: string;
  model: string | undefined;
}

export interface TurnRequest extends Conversation {
  /** What to do, taken as it stands. */
  prompt: string;
  /** What the repository says to agents; told with the first prompt of a conversation. */
  guidance: string | undefined;
  onEvent: (event: AgentEvent) => void;
}

/**
 * Somebody who does coding work in a folder. Getting ready takes a while, so it can be told ahead what is known:
 * nothing yet (`prepare`), the conversation (`open`), and at last what to do (`startTurn`). Each step may be left out.
 * Disposing ends what waits.
 */
export interface Agent extends AsyncDisposable {
  /** Stands in the saved conversation: another agent cannot read its memory. */
  readonly name: string;
  /**
   * Gets ready as far as that goes without a session. With `isAhead` it is started, too, for a new conversation: worth
   * it only when there is time until the session comes. It holds nothing of any session.
   */
  prepare(options: { isAhead: boolean }): Promise<void>;
  /** Gets ready to go on with a conversation. The workspace must be there; it may still be empty. */
  open(conversation: Conversation): void;
  startTurn(request: TurnRequest): Turn;
}

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

export interface TurnRequest {
  /** What to do, taken as it stands. */
  prompt: string;
  /** Changed in place as the conversation goes on, also in a turn that fails. */
  memory: AgentMemory;
  /** Absolute path the agent works in. */
  workspace: string;
  /** What the agent is told about its surroundings, beside its own instructions. */
  briefing: string;
  model: string | undefined;
  onEvent: (event: AgentEvent) => void;
}

/** Somebody who does coding work in a folder. */
export interface Agent {
  /** Stands in the saved conversation: another agent cannot read its memory. */
  readonly name: string;
  startTurn(request: TurnRequest): Turn;
}

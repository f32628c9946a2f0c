/** How a request goes wrong on purpose. */
export type Fault =
  | { kind: "status"; status: number; retryAfterSeconds?: number }
  /** An SSE `error` event in the middle of the stream. */
  | { kind: "stream-error" }
  /** The connection is destroyed. */
  | { kind: "cut" }
  /** Nothing comes any more; the connection stays open, or is destroyed after this many milliseconds. */
  | { kind: "hang"; cutAfterMs?: number };

/** What the play knows when an answer is written. */
export interface TurnView {
  /** What people said in earlier turns, oldest first. */
  earlier: readonly string[];
  /** What the tools gave back in this turn, oldest first. */
  results: readonly { text: string; isError: boolean }[];
}

/** One step of what the scripted model does. A tool call ends a reply; the next steps wait for its result. */
export type Step =
  | { do: "say"; text: string }
  | { do: "think"; text: string }
  /** `file_path` in `input` is relative to the working folder. */
  | { do: "call"; tool: string; input: Record<string, unknown> }
  | { do: "wait"; ms: number }
  /** Milliseconds between two pieces of text, from here to the end of the reply. */
  | { do: "pace"; ms: number }
  /** Goes wrong `times` times, then carries on. */
  | { do: "fault"; fault: Fault; times: number }
  /** The request must contain this text. */
  | { do: "expect"; text: string }
  /** Text that depends on what happened. */
  | { do: "conclude"; write: (view: TurnView) => string }
  /** Leaves out the line that says who wrote this. */
  | { do: "quiet" }
  /** Ends the turn here. */
  | { do: "stop" };

export type ToolCall = Extract<Step, { do: "call" }>;

/** Shell command as the Bash tool takes it. */
export function bash(command: string, description?: string): ToolCall {
  return { do: "call", tool: "Bash", input: { command, ...(description === undefined ? {} : { description }) } };
}

/** A file with this content, whatever was there before. */
export function write(path: string, content: string): ToolCall {
  return { do: "call", tool: "Write", input: { file_path: path, content } };
}

/** The binary wants a file read before it is edited or overwritten. */
export function read(path: string): ToolCall {
  return { do: "call", tool: "Read", input: { file_path: path } };
}

/** One exact replacement. */
export function edit(path: string, before: string, after: string): ToolCall {
  return { do: "call", tool: "Edit", input: { file_path: path, old_string: before, new_string: after } };
}

/** Quotes a text so that a POSIX shell takes it as one word, whatever is in it. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

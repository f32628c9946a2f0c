import { type Message, textsOf } from "./messages-request.ts";

/** One thing that happened in the turn that is being played. */
export type Moment =
  | { kind: "said"; text: string }
  | { kind: "replied" }
  | { kind: "result"; text: string; isError: boolean };

/** What a request tells about the conversation so far. */
export interface Conversation {
  /** The folder the tools work in; undefined when the request does not name one. */
  cwd: string | undefined;
  /** What people said in turns that are over, oldest first. */
  earlier: string[];
  /** The current turn, oldest first. What is said after the first reply came in while the turn was running. */
  turn: Moment[];
}

const WORKING_DIRECTORY = /^ - Primary working directory: (.+?)(?: \(was .*\))?$/gm;
const FOLLOW_UP =
  /The user sent a new message while you were working:\n([\s\S]*?)(?:\n\nThis is how Claude Code surfaces|\n<\/system-reminder>|$)/g;
const INTERRUPTED = /^\[Request interrupted by user/;

/**
 * Reads the history the way the Claude Code binary writes it: its own reminders are no person's words, the working
 * folder and what is said in mid-turn come as `system` messages, an interruption as a `user` text in brackets.
 */
export function readConversation(messages: readonly Message[]): Conversation {
  let cwd: string | undefined;
  const earlier: string[] = [];
  let turn: Moment[] = [];
  const endTurn = () => {
    earlier.push(...turn.flatMap((moment) => (moment.kind === "said" ? [moment.text] : [])));
    turn = [];
  };
  for (const message of messages) {
    if (message.role === "assistant") {
      turn.push({ kind: "replied" });
      if (!callsTool(message)) endTurn();
      continue;
    }
    turn.push(...resultsOf(message));
    for (const text of textsOf(message)) {
      if (message.role === "system") cwd = workingDirectoryIn(text) ?? cwd;
      if (INTERRUPTED.test(text)) endTurn();
      else turn.push(...wordsIn(text, message.role).map((words): Moment => ({ kind: "said", text: words })));
    }
  }
  return { cwd, earlier, turn };
}

function wordsIn(text: string, role: "user" | "system"): string[] {
  const followUps = [...text.matchAll(FOLLOW_UP)].map((match) => (match[1] ?? "").trim());
  if (followUps.length > 0) return followUps;
  return role === "system" || /^\s*<system-reminder>/.test(text) || text.trim() === "" ? [] : [text.trim()];
}

function workingDirectoryIn(text: string): string | undefined {
  return [...text.matchAll(WORKING_DIRECTORY)].at(-1)?.[1];
}

function callsTool(message: Message): boolean {
  return typeof message.content !== "string" && message.content.some((block) => block.type === "tool_use");
}

function resultsOf(message: Message): Moment[] {
  if (typeof message.content === "string") return [];
  return message.content
    .filter((block) => block.type === "tool_result")
    .map((block) => ({ kind: "result", text: resultText(block.content), isError: block.is_error === true }));
}

function resultText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("");
}

import { z } from "zod";
import { RunFinished } from "./session-event.ts";
import { SessionKey } from "./session-key.ts";

/** What a session remembers between runs: saved and restored whole. */
export const ConversationState = z.object({
  v: z.literal(1),
  sessionKey: SessionKey,
  /** Epoch of the run that saved it. */
  epoch: z.number().int(),
  /** Milliseconds since 1970. */
  savedAt: z.number(),
  /** Which agent wrote `transcript`; another agent cannot read it. */
  agent: z.string(),
  /** The agent's own id of the conversation. */
  agentSessionId: z.string(),
  /** The agent's opaque entries by file (subpath; the main transcript is ""). */
  transcript: z.record(z.string(), z.array(z.unknown())),
  /** Inbox entries up to here are dealt with: they are in the conversation, and what came of them is on the branch. */
  handledThrough: z.string(),
  /** Inbox entries up to here are in the conversation, be they dealt with or not. */
  askedThrough: z.string().optional(),
  /** How that ended. A run that dies between saving this and telling it leaves the telling to the next one. */
  finished: RunFinished.optional(),
  /** Commit of the branch that the pull request was last brought up to. */
  publishedCommit: z.string().optional(),
});
export type ConversationState = z.infer<typeof ConversationState>;

/** Object name of a session's conversation, for every store. */
export function conversationPathOf(key: SessionKey): string {
  return `sessions/${key}/conversation.json`;
}

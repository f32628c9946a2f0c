import { z } from "zod";
import { RunOptions } from "./run-options.ts";

const common = {
  v: z.literal(1),
  /** Message identity: `{channel}:{ts}`, with a suffix for edits and button presses. Two deliveries of one thing share it. */
  id: z.string(),
  /** Slack user id of the person who did it. */
  user: z.string(),
  /** Slack `ts` of the message it is about. */
  ts: z.string(),
  /** Milliseconds since 1970, when ingress accepted it. */
  receivedAt: z.number().int(),
};

/** What people ask of the machine, which is no part of the text. */
const options = RunOptions.optional();

/** Slack timestamp of the edit that gave it these words: the latest counts, in whatever order they come. */
const editedTs = z.string().optional();

/** One thing a person did in a thread. Text is plain: no Slack markup, no mention of the bot, no options. */
export const InboxMessage = z.discriminatedUnion("kind", [
  z.object({ ...common, kind: z.literal("said"), text: z.string(), options, editedTs }),
  /** The text of an earlier message changed; `edits` is the identity of that message. */
  z.object({
    ...common,
    kind: z.literal("edited"),
    text: z.string(),
    options,
    edits: z.string(),
    editedTs,
  }),
  /** Stop what runs, or withdraw what waits. */
  z.object({ ...common, kind: z.literal("stop") }),
  /** Carry on after a saved or stopped run. */
  z.object({ ...common, kind: z.literal("continue") }),
  /** Try again what a failed run was asked. */
  z.object({ ...common, kind: z.literal("retry") }),
]);
export type InboxMessage = z.infer<typeof InboxMessage>;

/** An inbox entry as stored: `inboxId` is the Redis stream id and orders the inbox. */
export const InboxEntry = z.object({ inboxId: z.string(), message: InboxMessage });
export type InboxEntry = z.infer<typeof InboxEntry>;

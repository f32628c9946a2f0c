import { RunOptions, ThreadAddress } from "@peerbot/contracts";
import { z } from "zod";

const common = {
  /** Identity of the thing done: deliveries of one thing share it. */
  id: z.string(),
  thread: ThreadAddress,
  /** Slack `ts` of the message it is about. */
  ts: z.string(),
  /** Slack user id of who did it. */
  user: z.string(),
  /** Of another organization, here through Slack Connect. */
  isExternal: z.boolean(),
  /** In a direct message with the bot. */
  isDirect: z.boolean(),
};

const words = {
  /** Plain: no Slack markup, no mention of the bot, no options. */
  text: z.string(),
  options: RunOptions.optional(),
  /** What was written as an option but with a value it does not take. */
  unknownOption: z.object({ name: z.enum(["size", "docker"]), value: z.string() }).optional(),
  isMention: z.boolean(),
  isReply: z.boolean(),
  /** Nothing but the word that stops a run. */
  isStop: z.boolean(),
};

/** One thing a person did in Slack that may concern us. */
export const Delivery = z.discriminatedUnion("kind", [
  z.object({ ...common, ...words, kind: z.literal("said"), editedTs: z.string().optional() }),
  /** The text of message `edits` changed. */
  z.object({ ...common, ...words, kind: z.literal("edited"), edits: z.string(), editedTs: z.string() }),
  /** A button; `sessionKey` is what the button claims to belong to. */
  z.object({
    ...common,
    kind: z.literal("pressed"),
    /** Slack timestamp of the press. */
    pressedTs: z.string(),
    action: z.enum(["stop", "continue", "retry"]),
    sessionKey: z.string(),
  }),
]);
export type Delivery = z.infer<typeof Delivery>;

/** What became of a delivery. `deferred`: kept until the thread has been read. */
export interface Outcome {
  result: "accepted" | "duplicate" | "deferred" | "ignored" | "refused";
  reason?: string;
  session?: string;
}

import { z } from "zod";

const Block = z.looseObject({ type: z.string() });

const Message = z.object({
  /** The Claude Code binary also puts `system` messages between the others: environment and follow-ups. */
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(Block)]),
});
export type Message = z.infer<typeof Message>;

/** The part of a Messages API request that the stand-in reads; everything else is accepted unread, as a newer client may send it. */
export const MessagesRequest = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().int().positive(),
  messages: z.array(Message).min(1, "at least one message is required"),
  stream: z.boolean().optional(),
  tools: z.array(z.looseObject({})).optional(),
});
export type MessagesRequest = z.infer<typeof MessagesRequest>;

/** The request of `count_tokens`: as above, but `max_tokens` is not asked for. */
export const CountTokensRequest = MessagesRequest.omit({ max_tokens: true });

/** The texts of a message, one per block. */
export function textsOf(message: Message): string[] {
  if (typeof message.content === "string") return [message.content];
  return message.content.flatMap((block) =>
    block.type === "text" && typeof block.text === "string" ? [block.text] : [],
  );
}

/** About four characters make a token: near enough for a meter to move. */
export function estimateTokens(value: unknown): number {
  return Math.max(1, Math.ceil((typeof value === "string" ? value : JSON.stringify(value)).length / 4));
}

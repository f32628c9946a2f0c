import { z } from "zod";
import { ThreadAddress } from "./session-key.ts";

/** Something to tell a person that belongs to no session: why a mention was not taken. */
export const Notice = z.object({
  v: z.literal(1),
  /** Identity of the message that caused it: one notice per message. */
  id: z.string(),
  thread: ThreadAddress,
  user: z.string(),
  reason: z.enum([
    "user-not-allowed",
    "channel-not-allowed",
    "external-user",
    "empty-mention",
    "prompt-too-long",
    "nothing-to-stop",
    "not-your-session",
    "option-unknown",
    "option-not-allowed",
    "only-options",
  ]),
  /** The option it is about, as it was written, and what may be written instead. */
  option: z.object({ written: z.string(), possible: z.array(z.string()) }).optional(),
});
export type Notice = z.infer<typeof Notice>;

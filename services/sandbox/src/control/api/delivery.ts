import { z } from "zod";

/** What became of one push to the app, as far as known when the answer was written. */
export const DeliveryResult = z.object({
  eventId: z.string().describe("Event id; for interactivity an id of the sandbox's own."),
  type: z.string().describe("`app_mention`, `message.channels`, `message.im`, `block_actions`, …"),
  /** `pending`: not answered yet, or waiting for a retry. `failed`: all attempts were refused. */
  status: z.enum(["accepted", "pending", "failed"]),
  /** One per attempt: HTTP status, 200 for a socket acknowledgement, 0 for no answer. */
  statuses: z.array(z.number()),
});
export type DeliveryResult = z.infer<typeof DeliveryResult>;

import type { MessageMetadata } from "@slack/types";
import { z } from "zod";

/** Metadata type of every message of ours that is posted (Slack lets a starting stream carry none). */
export const PART_EVENT_TYPE = "peerbot_part";

/** What a posted message says of itself to programs: which part of which round it is, and in the closing how it ended. */
export const PartPayload = z.object({
  session: z.string(),
  epoch: z.number(),
  part: z.string(),
  /** Unique per attempt to post it: tells this very message when its answer was lost. */
  intent: z.string(),
  /** Slack user id of the person the session works for. */
  owner: z.string().optional(),
  outcome: z.enum(["completed", "no-changes", "failed", "stopped", "saved", "cancelled"]).optional(),
  branch: z.string().optional(),
  commit: z.string().optional(),
  pull_request_url: z.string().optional(),
  pull_request_number: z.number().optional(),
  failure_code: z.string().optional(),
});
export type PartPayload = z.infer<typeof PartPayload>;

/** Metadata for a message of ours. */
export function partMetadata(payload: PartPayload): MessageMetadata {
  const present = Object.entries(payload).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { event_type: PART_EVENT_TYPE, event_payload: Object.fromEntries(present) };
}

/** The payload of a message read back from Slack; `undefined` when it carries none of ours. */
export function readPartPayload(metadata: unknown): PartPayload | undefined {
  const parsed = z.object({ event_type: z.literal(PART_EVENT_TYPE), event_payload: PartPayload }).safeParse(metadata);
  return parsed.success ? parsed.data.event_payload : undefined;
}

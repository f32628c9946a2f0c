import type { KnownBlock } from "@slack/types";

/** A message of ours: blocks, and the text for notifications, screen readers and clients that refuse the blocks. */
export interface SlackMessage {
  text: string;
  blocks: KnownBlock[];
}

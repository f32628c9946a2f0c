import { z } from "zod";
import type { ObservedThread } from "./observation.ts";

type Message = ObservedThread["messages"][number];

export type Outcome = "completed" | "no-changes" | "failed" | "stopped" | "saved" | "cancelled";

/** From an opening to a closing: one answer, in one piece for each time it was begun. */
export interface ShownRound {
  openings: readonly Message[];
  closing: { message: Message; outcome: Outcome; epoch: number } | undefined;
  /** What the model said, in a piece for each try of the run. */
  tries: readonly string[];
}

const Part = z.object({
  event_type: z.literal("peerbot_part"),
  event_payload: z.object({ part: z.string(), epoch: z.number(), outcome: z.string().optional() }),
});

const BREAK = /_The run broke off here and was tried again\._/;
/** The scripted model repeats what it hears in mid-run. */
const ECHO = /Heard in mid-work: “[^”]*”/g;

/** What the bot showed in a thread, round by round. */
export function readRounds({ messages }: Pick<ObservedThread, "messages">): ShownRound[] {
  const rounds: { openings: Message[]; closing: ShownRound["closing"]; text: string }[] = [];
  const current = () => {
    const last = rounds.at(-1);
    if (last !== undefined && last.closing === undefined) return last;
    const fresh = { openings: [], closing: undefined, text: "" };
    rounds.push(fresh);
    return fresh;
  };
  for (const message of messages) {
    if (!message.isBot || message.ephemeralTo !== null) continue;
    const part = partOf(message);
    if (part?.part === "opening") {
      current().openings.push(message);
    } else if (part?.part === "closing") {
      current().closing = { message, outcome: (part.outcome ?? "failed") as Outcome, epoch: part.epoch };
    } else if (part !== undefined || message.stream !== null || message.metadata === null) {
      current().text += `${answerIn(message)}\n\n`;
    }
  }
  return rounds.map(({ text, ...round }) => ({ ...round, tries: text.replaceAll(ECHO, "").split(BREAK) }));
}

export function partOf({ metadata }: Pick<Message, "metadata">): z.infer<typeof Part>["event_payload"] | undefined {
  return Part.safeParse(metadata).data?.event_payload;
}

/** A stream's Markdown as far as it came, or the Markdown of a message that was posted or edited whole. */
function answerIn({ stream, text, blocks, markdown }: Message): string {
  if (stream !== null) return text;
  if (markdown !== null) return markdown;
  return blocks.flatMap((block) => (block.type === "markdown" ? [String(block.text)] : [])).join("\n\n");
}

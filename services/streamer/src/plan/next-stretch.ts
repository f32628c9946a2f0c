import { cutMarkdown, wholeLinesEnd } from "@peerbot/slack";

/** Beyond this part of the budget only whole lines are sent, so that a good place to cut stays ahead. */
const CAREFUL_FROM = 0.8;

export interface Stretch {
  /** Send up to here. */
  to: number;
  /** There is more than one message can hold: it ends here. */
  isFull: boolean;
}

/** How much of the answer goes into a message that began at `from` and shows it up to `sent`; `budget` in UTF-8 bytes. */
export function nextStretch(
  text: string,
  { from, sent, budget, isEnd }: { from: number; sent: number; budget: number; isEnd: boolean },
): Stretch {
  const bytes = Buffer.byteLength(text.slice(from));
  if (bytes <= budget) {
    const isNearlyFull = bytes > budget * CAREFUL_FROM;
    return { to: isEnd || !isNearlyFull ? text.length : wholeLinesEnd(text, sent), isFull: false };
  }
  const best = budget > 0 ? cutMarkdown(text, from, budget) : from;
  if (best >= sent && best > from) return { to: best, isFull: true };
  // What is shown cannot be taken back: the place to cut has to be after it.
  const rest = budget - Buffer.byteLength(text.slice(from, sent));
  return { to: rest > 0 ? cutMarkdown(text, sent, rest) : sent, isFull: true };
}

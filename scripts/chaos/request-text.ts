/** How many words the scripted model says for one request. */
export const WORDS = 24;
/** The word that the model's second reply to a request begins with. */
export const SECOND_REPLY = WORDS / 2 + 1;

/** A marker stands for one request: in its file, and in the words of its answer. */
export type Marker = string;

/** A request that the scripted model answers with words that count, and with one file, in two replies or three. */
export function requestText(marker: Marker, { paceMs, sleepMs }: { paceMs: number; sleepMs: number }): string {
  return [
    "script: quiet",
    `pace ${paceMs}`,
    `count ${marker} 1-${SECOND_REPLY - 1}`,
    `write ${fileOf(marker)} | ${marker}`,
    ...(sleepMs > 0 ? [`bash sleep ${(sleepMs / 1000).toFixed(1)}`] : []),
    `pace ${paceMs}`,
    `count ${marker} ${SECOND_REPLY}-${WORDS}`,
  ].join(" ;; ");
}

/** The file that shows that a request was carried out. */
export function fileOf(marker: Marker): string {
  return `notes/${marker}.txt`;
}

export interface CountedWord {
  marker: Marker;
  number: number;
  /** The text ends with it: where the answer broke off it may be a part of a word, `m1x-1` of `m1x-17`. */
  isLast: boolean;
}

/** The counting words in an answer, in their order. */
export function wordsIn(text: string): CountedWord[] {
  const end = text.trimEnd().length;
  return [...text.matchAll(/\b(m[0-9a-z]+x)-(\d+)\b/g)].map(({ 0: word, 1: marker = "", 2: number, index }) => ({
    marker,
    number: Number(number),
    isLast: index + word.length === end,
  }));
}

/** The marker of the n-th request of a session; no marker is part of another one. */
export function markerOf(session: number, request: number): Marker {
  return `m${session.toString(36)}r${request.toString(36)}x`;
}

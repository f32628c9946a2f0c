import type { AskedRequest, ObservedThread, Violation } from "./observation.ts";
import { type Outcome, partOf, readRounds, type ShownRound } from "./read-rounds.ts";
import { type CountedWord, SECOND_REPLY, WORDS, wordsIn } from "./request-text.ts";

/** What is wrong with one thread, as the people in it see it. */
export function findThreadViolations(thread: ObservedThread): Violation[] {
  const rounds = readRounds(thread);
  const found = [
    ...rounds.flatMap((round) => frameViolations(round)),
    ...duplicateClosings(rounds),
    ...thread.asked.flatMap((request) => requestViolations(expectedOf(request, thread, rounds), rounds)),
    ...workingStates(thread, rounds),
  ];
  const where = `${thread.channel} ${thread.threadTs} (${thread.sessionKey})`;
  return found.map((violation) => ({ where, ...violation }));
}

type Found = Omit<Violation, "where">;

function frameViolations({ openings, closing, tries }: ShownRound): Found[] {
  const found: Found[] = [];
  if (openings.length === 0) {
    const text = tries.join("").trim().slice(0, 100);
    found.push({ promise: "one-opening", evidence: `a round without opening: ${closing?.message.ts ?? text}` });
  }
  if (openings.length > 1) {
    found.push({
      promise: "one-opening",
      evidence: `openings ${openings.map(({ ts }) => ts).join(", ")} in one round`,
    });
  }
  if (closing?.outcome === "cancelled" && wordsIn(tries.join(" ")).length > 0) {
    found.push({ promise: "final-state", evidence: `${closing.message.ts} says that nothing began, after an answer` });
  }
  if (closing === undefined) {
    found.push({ promise: "final-state", evidence: `the round of ${openings[0]?.ts ?? "no opening"} has no closing` });
  }
  return found;
}

function duplicateClosings(rounds: readonly ShownRound[]): Found[] {
  const seen = new Map<number, string>();
  return rounds.flatMap(({ closing }): Found[] => {
    // Epoch 0: withdrawn before a run began.
    if (closing === undefined || closing.epoch === 0) return [];
    const former = seen.get(closing.epoch);
    seen.set(closing.epoch, closing.message.ts);
    if (former === undefined) return [];
    return [
      { promise: "one-closing", evidence: `${former} and ${closing.message.ts} both close run ${closing.epoch}` },
    ];
  });
}

/** The answer came to its end. */
const ENDED_WELL: readonly Outcome[] = ["completed", "no-changes"];

/** After these a person may have it done again. */
const MAY_BE_REPEATED: readonly Outcome[] = ["failed", "stopped", "saved"];

/** Who is told that it failed and goes on with something else, instead of pressing Retry, has let it go. */
export function expectedOf(
  request: AskedRequest,
  { asked }: Pick<ObservedThread, "asked">,
  rounds: readonly ShownRound[],
): AskedRequest {
  const told = rounds.findIndex(
    ({ closing }) => closing !== undefined && closing.message.ts > request.ts && closing.outcome === "failed",
  );
  const goesOn = asked.some(({ ts }) => ts > request.ts) && told >= 0 && told < rounds.length - 1;
  return goesOn ? { ...request, expectation: "optional" } : request;
}

function requestViolations({ marker, ts, expectation }: AskedRequest, rounds: readonly ShownRound[]): Found[] {
  const found: Found[] = [];
  let answeredIn: string | undefined;
  let isAnswered = false;
  let heard = 0;
  for (const { tries, closing } of rounds) {
    const place = `${marker} in the round closed by ${closing?.message.ts ?? "nothing"}`;
    const said = tries.map((text, index) => {
      const words = wordsIn(text).filter((word) => word.marker === marker);
      const isWhole = index === tries.length - 1 && ENDED_WELL.includes(closing?.outcome ?? "failed");
      return numbersOf(isWhole ? words : withoutHalfWord(words));
    });
    for (const [index, numbers] of said.entries()) {
      found.push(...orderViolations(numbers, { place: `${place}, try ${index + 1}`, heard }));
      heard = Math.max(heard, ...numbers);
    }
    if (answeredIn !== undefined && said.some((numbers) => numbers.length > 0)) {
      found.push({ promise: "answered-once", evidence: `${place}; it was answered before: ${answeredIn}` });
    }
    const isWhole = said.some((numbers) => numbers.at(-1) === WORDS);
    isAnswered ||= isWhole;
    if (isWhole && closing !== undefined && !MAY_BE_REPEATED.includes(closing.outcome)) answeredIn = place;
  }
  if (expectation === "due" && !isAnswered) {
    found.push({ promise: "answered", evidence: `${marker} (${ts}); the rounds ended: ${outcomesOf(rounds)}` });
  }
  if (expectation === "due" && !rounds.some(({ closing }) => closing !== undefined && closing.message.ts > ts)) {
    found.push({ promise: "final-state", evidence: `nothing closes ${marker} (${ts})` });
  }
  return found;
}

/** An answer that broke off may end within a word. */
function withoutHalfWord(words: readonly CountedWord[]): readonly CountedWord[] {
  const [before, last] = words.slice(-2);
  const next = String((before?.number ?? 0) + 1);
  const isHalf = last?.isLast === true && next.startsWith(String(last.number)) && next !== String(last.number);
  return isHalf ? words.slice(0, -1) : words;
}

function numbersOf(words: readonly CountedWord[]): number[] {
  return words.map(({ number }) => number);
}

/**
 * The words of one try count up from 1; where they stop the try ended. A model that remembers an earlier try, which
 * broke off, may go on with the reply it was in.
 */
function orderViolations(numbers: readonly number[], { place, heard }: { place: string; heard: number }): Found[] {
  const first = numbers[0] === SECOND_REPLY && heard >= SECOND_REPLY - 1 ? SECOND_REPLY : 1;
  for (const [index, number] of numbers.entries()) {
    if (number === first + index) continue;
    const evidence = `${place}: ${numbers.join(" ")}`;
    return [{ promise: number < first + index ? "nothing-doubled" : "nothing-missing", evidence }];
  }
  return [];
}

function outcomesOf(rounds: readonly ShownRound[]): string {
  return rounds.map(({ closing }) => closing?.outcome ?? "not").join(", ") || "there are none";
}

function workingStates({ messages, status }: ObservedThread, rounds: readonly ShownRound[]): Found[] {
  const found: Found[] = [];
  const add = (evidence: string) => found.push({ promise: "no-working-state", evidence });
  if (status === "processing") add("Slack shows the session as processing");
  for (const message of messages) {
    if (message.stream?.state === "in_progress") add(`the stream ${message.ts} is still open`);
    if (message.stream?.state === "errored") add(`the stream ${message.ts} looks broken`);
    if (partOf(message)?.part === "opening" && JSON.stringify(message.blocks).includes('"action_id":"stop"')) {
      add(`the opening ${message.ts} still offers to stop`);
    }
    const signs = message.reactions.map(({ name }) => name);
    if (!message.isBot && signs.includes("eyes")) add(`the reply ${message.ts} still carries eyes`);
  }
  if (rounds.length === 0) add("the bot never answered in this thread");
  return found;
}

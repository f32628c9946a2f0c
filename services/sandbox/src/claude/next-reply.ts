import { resolve } from "node:path";
import { planSteps } from "./plan-steps.ts";
import type { Conversation } from "./read-conversation.ts";
import type { Step } from "./step.ts";

/** Says once per turn whose words these are. */
export const SIGNATURE = "_Played by the sandbox's scripted model; no AI was asked._";

const TRY_AGAIN = /^\s*try again\.?/i;

/** A step that can be played as it is: what depends on the history is filled in. */
export type PlayableStep = Exclude<Step, { do: "conclude" | "quiet" | "stop" }>;

/** What the next reply consists of: steps in order, at most one tool call and that last. */
export interface Reply {
  steps: PlayableStep[];
  /** How many replies the turn had before, so that a fault can be told to happen N times. */
  position: number;
}

/** A step and which of the turn's texts it belongs to: an answer speaks of its own results only. */
interface PlannedStep {
  step: Step;
  plan: number;
}

/**
 * Decides the next reply from the history alone, so that any process at any time continues the same play: each reply
 * so far used up one portion of the steps, and what was said in mid-turn put its own steps in front.
 */
export function nextReply(conversation: Conversation): Reply {
  let steps: PlannedStep[] = [];
  const results: { plan: number; text: string; isError: boolean }[] = [];
  let plans = 0;
  let calledBy = 0;
  let position = 0;
  let isQuiet = false;
  for (const moment of conversation.turn) {
    if (moment.kind === "replied") {
      const played = portionOf(steps);
      steps = steps.slice(played.length);
      calledBy = played.at(-1)?.plan ?? calledBy;
      position += 1;
    } else if (moment.kind === "result") {
      results.push({ plan: calledBy, text: moment.text, isError: moment.isError });
    } else if (steps.length > 0 && TRY_AGAIN.test(moment.text)) {
      // A failed turn was never ended: what it had left is done anew if it is asked anew, and else gone on with.
      const words = moment.text.replace(TRY_AGAIN, "");
      const plan = ++plans;
      if (words.trim() !== "") steps = planSteps(words, conversation.earlier).map((step) => ({ step, plan }));
    } else {
      const plan = ++plans;
      const planned = (
        position === 0 ? planSteps(moment.text, conversation.earlier) : followUp(moment.text, conversation.earlier)
      ).map((step) => ({ step, plan }));
      isQuiet ||= planned.some(({ step }) => step.do === "quiet");
      steps = position === 0 ? [...steps, ...planned] : [...planned, ...steps];
    }
  }
  const playable = portionOf(steps).flatMap(({ step, plan }): PlayableStep[] => {
    if (step.do === "quiet" || step.do === "stop") return [];
    if (step.do === "call") return [withAbsolutePath(step, conversation.cwd)];
    if (step.do !== "conclude") return [step];
    const own = results.filter((result) => result.plan === plan);
    return [{ do: "say", text: step.write({ earlier: conversation.earlier, results: own }) }];
  });
  const isLast = playable.at(-1)?.do !== "call";
  return { steps: isLast && !isQuiet ? [...trimmedEnd(playable), closing(conversation)] : playable, position };
}

function portionOf(steps: readonly PlannedStep[]): PlannedStep[] {
  const end = steps.findIndex(({ step }) => step.do === "call" || step.do === "stop");
  return end === -1 ? [...steps] : steps.slice(0, end + 1);
}

function followUp(text: string, earlier: readonly string[]): Step[] {
  const heard = text.replace(/\s+/g, " ").slice(0, 200);
  return [
    { do: "say", text: `Heard in mid-work: “${heard}”\n\n` },
    ...planSteps(text, earlier),
    { do: "say", text: "\n\n" },
  ];
}

function trimmedEnd(steps: PlayableStep[]): PlayableStep[] {
  const last = steps.at(-1);
  if (last?.do !== "say") return steps;
  const text = last.text.trimEnd();
  return text === "" ? trimmedEnd(steps.slice(0, -1)) : [...steps.slice(0, -1), { ...last, text }];
}

function closing({ earlier }: Conversation): PlayableStep {
  const before = earlier.at(-1)?.replace(/\s+/g, " ").slice(0, 120);
  const memory =
    before === undefined ? "" : `\n\n(Request ${earlier.length + 1} in this thread; before it: “${before}”)`;
  return { do: "say", text: `${memory}\n\n${SIGNATURE}` };
}

/** The binary's file tools want absolute paths. */
function withAbsolutePath(step: Extract<Step, { do: "call" }>, cwd: string | undefined): PlayableStep {
  if (typeof step.input.file_path !== "string") return step;
  return { ...step, input: { ...step.input, file_path: resolve(cwd ?? "/", step.input.file_path) } };
}

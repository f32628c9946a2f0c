import { FAULT_POINTS, type FaultPoint } from "@peerbot/runtime";
import type { InjectFault } from "@peerbot/sandbox/control";
import type { ServiceName } from "../stack/index.ts";
import { createRandom, type Random } from "./random.ts";
import { type Marker, markerOf, requestText } from "./request-text.ts";

/** When a person does something: at once, in the middle of a run, in the moment the answer is whole, or after the end. */
export type Moment = "at-once" | "while-running" | "as-it-ends" | "after-end";

export type Step = { when: Moment; pauseMs: number } & (
  | { do: "say"; marker: Marker; text: string; duplicates: number; delayMs: number }
  /** Replaces the text of an earlier message. */
  | { do: "edit"; of: Marker; marker: Marker; text: string }
  | { do: "stop"; how: "button" | "word" }
  /** The model refuses the session's next request: the run fails, and the person presses Retry. */
  | { do: "refuse" }
);

export interface SessionPlan {
  user: string;
  channel: string;
  /** Pause after the session before it, in milliseconds. */
  pauseMs: number;
  /** The first is the mention. */
  steps: readonly Step[];
}

export type Victim = Exclude<ServiceName, "sandbox">;

export type Fault =
  | { kind: "kill"; victim: Victim }
  | { kind: "kill-worker" }
  | { kind: "kill-redis"; awayMs: number }
  | { kind: "point"; point: FaultPoint }
  | { kind: "stand-in"; inject: InjectFault };

export interface PlannedFault {
  /** After the fault before it, in milliseconds. */
  pauseMs: number;
  fault: Fault;
}

export interface ChaosPlan {
  sessions: readonly SessionPlan[];
  faults: readonly PlannedFault[];
}

export interface ChaosRequest {
  sessions: number;
  seed: number;
  faults: number;
}

const USERS = ["ada", "grace", "linus", "margaret"] as const;
/** Asks for so much at once that the limit makes it wait. */
const IMPATIENT_USER = "ada2";
const CHANNELS = ["dev", "general", "random"] as const;
const VICTIMS = ["ingress", "launcher", "gateway", "streamer"] as const;

/** Everything that will happen, from the seed alone. When it meets what is left to the machine. */
export function planChaos({ sessions, seed, faults }: ChaosRequest): ChaosPlan {
  const random = createRandom(seed);
  return {
    sessions: Array.from({ length: sessions }, (_, index) => planSession(index, random)),
    faults: planFaults(faults, random),
  };
}

function planSession(index: number, random: Random): SessionPlan {
  const isImpatient = index % 5 === 4;
  const steps: Step[] = [];
  const say = (when: Moment) => steps.push(sayStep(markerOf(index, steps.length), when, random));
  if (random.chance(0.1)) steps.push({ do: "refuse", when: "at-once", pauseMs: 0 });
  say("at-once");
  for (let more = random.between(0, 3); more > 0; more -= 1) {
    const choice = random.next();
    const when = random.pick(["at-once", "while-running", "as-it-ends", "after-end"]);
    const said = steps.findLast((step) => step.do === "say");
    if (choice < 0.6 || said === undefined) say(when);
    else if (choice < 0.75) steps.push(editStep(said.marker, markerOf(index, steps.length), random));
    else if (choice < 0.9)
      steps.push({
        do: "stop",
        how: random.pick(["button", "word"]),
        when: "while-running",
        pauseMs: random.between(0, 800),
      });
    else steps.push({ do: "refuse", when: "after-end", pauseMs: 0 });
  }
  return {
    user: isImpatient ? IMPATIENT_USER : random.pick(USERS),
    channel: random.pick(CHANNELS),
    pauseMs: isImpatient ? 0 : random.between(0, 800),
    steps,
  };
}

function sayStep(marker: Marker, when: Moment, random: Random): Extract<Step, { do: "say" }> {
  return {
    do: "say",
    marker,
    text: requestText(marker, pacesOf(random)),
    when,
    pauseMs: random.between(0, 500),
    duplicates: random.chance(0.3) ? random.between(1, 3) : 0,
    delayMs: random.chance(0.15) ? random.between(500, 3_000) : 0,
  };
}

function editStep(of: Marker, marker: Marker, random: Random): Step {
  const when = random.pick(["at-once", "while-running"] as const);
  return { do: "edit", of, marker, text: requestText(marker, pacesOf(random)), when, pauseMs: random.between(0, 400) };
}

function pacesOf(random: Random): { paceMs: number; sleepMs: number } {
  return { paceMs: random.between(5, 60), sleepMs: random.chance(0.5) ? random.between(2, 12) * 100 : 0 };
}

function planFaults(count: number, random: Random): PlannedFault[] {
  let deck: FaultPoint[] = [];
  // Each point once before any a second time.
  const nextPoint = (): FaultPoint => {
    if (deck.length === 0) deck = random.shuffle(FAULT_POINTS.map(({ name }) => name));
    return deck.pop() ?? FAULT_POINTS[0].name;
  };
  return Array.from({ length: count }, () => ({
    pauseMs: random.between(300, 2_000),
    fault: planFault(random, nextPoint),
  }));
}

function planFault(random: Random, nextPoint: () => FaultPoint): Fault {
  const choice = random.next();
  if (choice < 0.45) return { kind: "point", point: nextPoint() };
  if (choice < 0.6) return { kind: "kill", victim: random.pick(VICTIMS) };
  if (choice < 0.68) return { kind: "kill-worker" };
  if (choice < 0.71) return { kind: "kill-redis", awayMs: random.between(0, 1_500) };
  return { kind: "stand-in", inject: planStandInFault(random) };
}

const LATE = { cutAfterMs: 2_000 } as const;

function planStandInFault(random: Random): InjectFault {
  const kind = random.pick(["429", "500", "500-after-effect", "timeout", "disconnect"] as const);
  const retryAfterSeconds = 1;
  switch (random.pick(["slack", "slack", "github", "claude", "gcs"] as const)) {
    case "slack": {
      const method = random.pick([
        ...["chat.postMessage", "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"],
        ...["reactions.add", "conversations.replies"],
      ] as [string, ...string[]]);
      return { standIn: "slack", kind, method, retryAfterSeconds };
    }
    case "github": {
      const match = random.pick(["/git-receive-pack", "/git-upload-pack", "/info/refs", "/pulls", "/repos/"]);
      return { standIn: "github", kind, match, retryAfterSeconds, ...LATE };
    }
    case "claude":
      return { standIn: "claude", kind, retryAfterSeconds, ...LATE };
    case "gcs":
      return { standIn: "gcs", kind, match: random.pick(["/upload/", "alt=media"]), retryAfterSeconds, ...LATE };
  }
}

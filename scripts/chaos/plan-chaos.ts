import type { InjectFault } from "@peerbot/sandbox/control";
import { createRandom, type Random } from "./random.ts";
import { type Marker, markerOf, requestText } from "./request-text.ts";

/** Services that come in two replicas and are broken. */
export const VICTIMS = ["ingress", "launcher", "gateway", "streamer"] as const;
export type Victim = (typeof VICTIMS)[number];

/** When a person does something: at once, in the middle of a run, in the moment the answer is whole, or after the end. */
export type Moment = "at-once" | "while-running" | "as-it-ends" | "after-end";

export type Step = { when: Moment; pauseMs: number } & (
  | { do: "say"; marker: Marker; text: string; delivery: SlackDelivery }
  /** Replaces the text of an earlier message. */
  | { do: "edit"; of: Marker; marker: Marker; text: string }
  | { do: "stop"; how: "button" | "word" }
  /** The model refuses the session's next request: the run fails, and the person presses Retry. */
  | { do: "refuse" }
);

/** How Slack tells of a message, beside telling it twice as `app_mention` and `message`: again, late, and both. */
export interface SlackDelivery {
  duplicates: number;
  duplicateDelayMs: number;
  delayMs: number;
}

export interface SessionPlan {
  user: string;
  channel: string;
  /** Pause after the session before it, in milliseconds. */
  pauseMs: number;
  /** The first is the mention. */
  steps: readonly Step[];
}

/** A `choice` picks among what is there when the fault comes. */
export type Fault =
  | { kind: "kill" | "restart"; victim: Victim; choice: number }
  | { kind: "freeze"; victim: Victim; choice: number; forMs: number }
  | { kind: "kill-worker"; choice: number }
  | { kind: "freeze-worker"; choice: number; forMs: number }
  /** Its launcher loses sight of it, while it stands still for a time or goes on. */
  | { kind: "lose-worker"; choice: number; frozenMs: number }
  | { kind: "kill-redis"; awayMs: number }
  /** Among the named points one of those that struck least often. */
  | { kind: "point"; choice: number; order: string }
  | { kind: "stand-in"; inject: InjectFault };
export type FaultKind = Fault["kind"];

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
  /** How often each kind of fault comes; `WEIGHTS` unless told. */
  weights?: Readonly<Partial<Record<FaultKind, number>>>;
}

/** How often each kind of fault comes, of the sum of all. */
export const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  point: 42,
  kill: 10,
  freeze: 6,
  restart: 5,
  "kill-worker": 5,
  "freeze-worker": 3,
  "lose-worker": 6,
  "kill-redis": 3,
  "stand-in": 20,
};

/** May use the bot, in each of the channels. */
export const USERS = ["ada", "grace", "linus", "margaret"] as const;
/** Asks for so much at once that the limit makes it wait. */
const IMPATIENT_USER = "ada2";
const CHANNELS = ["dev", "general", "random"] as const;

/** Everything that will happen, from the seed alone. When it meets what is left to the machine. */
export function planChaos({ sessions, seed, faults, weights = WEIGHTS }: ChaosRequest): ChaosPlan {
  const random = createRandom(seed);
  return {
    sessions: Array.from({ length: sessions }, (_, index) => planSession(index, random)),
    faults: planFaults(faults, weights, random),
  };
}

function planSession(index: number, random: Random): SessionPlan {
  const isImpatient = index % 10 >= 6;
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
    delivery: {
      duplicates: random.chance(0.4) ? random.between(1, 3) : 0,
      duplicateDelayMs: random.chance(0.5) ? random.between(500, 8_000) : 0,
      delayMs: random.chance(0.2) ? random.between(500, 3_000) : 0,
    },
  };
}

function editStep(of: Marker, marker: Marker, random: Random): Step {
  const when = random.pick(["at-once", "while-running"] as const);
  return { do: "edit", of, marker, text: requestText(marker, pacesOf(random)), when, pauseMs: random.between(0, 400) };
}

function pacesOf(random: Random): { paceMs: number; sleepMs: number } {
  return { paceMs: random.between(5, 60), sleepMs: random.chance(0.5) ? random.between(2, 12) * 100 : 0 };
}

function planFaults(count: number, weights: NonNullable<ChaosRequest["weights"]>, random: Random): PlannedFault[] {
  return Array.from({ length: count }, () => ({
    pauseMs: random.between(300, 1_800),
    fault: planFault(random.weighted(weights), random),
  }));
}

/** Longer than it takes the others to take over. */
const FROZEN_MS = [3_500, 7_000] as const;

function planFault(kind: FaultKind, random: Random): Fault {
  const choice = random.between(0, 9_999);
  switch (kind) {
    case "kill":
    case "restart":
      return { kind, victim: random.pick(VICTIMS), choice };
    case "freeze":
      return { kind, victim: random.pick(VICTIMS), choice, forMs: random.between(...FROZEN_MS) };
    case "kill-worker":
      return { kind, choice };
    case "freeze-worker":
      return { kind, choice, forMs: random.between(1_000, 8_000) };
    case "lose-worker":
      return { kind, choice, frozenMs: random.chance(0.5) ? random.between(500, 10_000) : 0 };
    case "kill-redis":
      return { kind, awayMs: random.between(0, 1_500) };
    case "point":
      return { kind, choice, order: random.chance(0.2) ? `freeze ${random.between(...FROZEN_MS)}` : "kill" };
    case "stand-in":
      return { kind, inject: planStandInFault(random) };
    default:
      return kind satisfies never;
  }
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

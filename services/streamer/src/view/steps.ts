import type { Phase, SessionEvent } from "@peerbot/contracts";
import type { Round, Step } from "./thread-view.ts";

/** What a phase is called while it lasts. */
export const PHASE_TITLES: Readonly<Record<Phase, string>> = {
  preparing: "Getting a workspace ready",
  cloning: "Cloning the repository",
  restoring: "Picking up the conversation",
  working: "Working",
  committing: "Committing the changes",
  pushing: "Pushing the branch",
  "opening-pull-request": "Opening the pull request",
  saving: "Saving the conversation",
};

const DELIVERED_TITLES: Partial<Record<Phase, string>> = {
  committing: "Changes committed",
  pushing: "Branch pushed",
  "opening-pull-request": "Pull request ready",
};

/** A phase is the plan's title; getting ready and delivering also are a row each. */
export function withPhase(round: Round, phase: Phase): Round {
  const begun = { ...round, state: "running" as const, phase };
  switch (phase) {
    case "preparing":
    case "cloning":
    case "restoring":
      return withCurrent(begun, "setup", PHASE_TITLES[phase]);
    case "committing":
    case "pushing":
    case "opening-pull-request":
      return withCurrent(withSetupDone(begun), "delivery", PHASE_TITLES[phase]);
    case "working":
    case "saving":
      return withDeliveryDone(withSetupDone({ ...round, state: "running" }), phase);
    default:
      return phase satisfies never;
  }
}

/** The worker's own row: the same id changes it in place. */
export function withStep(round: Round, event: Extract<SessionEvent, { type: "step" }>): Round {
  const id = `${round.epoch}/${event.id}`;
  const { title, status, detail } = event;
  const step: Step = { id, kind: "work", title, status, ...(detail === undefined ? {} : { detail }) };
  const isKnown = round.steps.some((known) => known.id === id);
  const steps = isKnown ? round.steps.map((known) => (known.id === id ? step : known)) : [...round.steps, step];
  return { ...round, steps };
}

/** Something worth knowing: a row of its own, and the next remark takes its place unless something happened between. */
export function withRemark(round: Round, text: string): Round {
  const last = round.steps.at(-1);
  const before = last?.kind === "remark" ? round.steps.slice(0, -1) : round.steps;
  const remark: Step = { id: `remark/${before.length}`, kind: "remark", title: text, status: "complete" };
  return { ...round, steps: [...before, remark] };
}

/** The changes are where they belong; `phase` is what comes next, if anything. */
export function withDeliveryDone(round: Round, phase: Phase | undefined = round.phase): Round {
  const done = (round.phase === undefined ? undefined : DELIVERED_TITLES[round.phase]) ?? "Changes delivered";
  const steps = completed(round.steps, "delivery", done);
  return { ...round, steps, ...(phase === undefined ? {} : { phase }) };
}

function withSetupDone(round: Round): Round {
  return { ...round, steps: completed(round.steps, "setup", "Workspace ready") };
}

function completed(steps: Step[], kind: Step["kind"], title: string): Step[] {
  return steps.map((step) =>
    step.kind === kind && step.status === "in_progress" ? { ...step, title, status: "complete" } : step,
  );
}

/** The row of that kind that is in progress, with another title; a new one when there is none. */
function withCurrent(round: Round, kind: Step["kind"], title: string): Round {
  const isCurrent = (step: Step) => step.kind === kind && step.status === "in_progress";
  if (round.steps.some(isCurrent)) {
    return { ...round, steps: round.steps.map((step) => (isCurrent(step) ? { ...step, title } : step)) };
  }
  const step: Step = { id: `${kind}/${round.steps.length}`, kind, title, status: "in_progress" };
  return { ...round, steps: [...round.steps, step] };
}

import type { EndReason, Failure } from "@peerbot/contracts";
import type { RunEnd } from "../runner/session-runner.ts";

const ASK_AGAIN = "Reply here to try again; the branch keeps what was pushed.";

/** What a person in Slack is told about a worker that left without telling its outcome. */
const FAILURES: Readonly<Record<EndReason, Failure>> = {
  completed: {
    code: "worker-said-nothing",
    message: "The worker left without saying how it went.",
    hint: ASK_AGAIN,
  },
  crashed: { code: "worker-crashed", message: "The worker broke down in the middle of its work.", hint: ASK_AGAIN },
  "out-of-memory": {
    code: "worker-out-of-memory",
    message: "The worker ran out of memory.",
    hint: "Ask for a smaller step, or for fewer things at once.",
  },
  "deadline-exceeded": {
    code: "worker-deadline",
    message: "The time for this run was up before the worker could finish.",
    hint: "Reply here to carry on from what was saved.",
  },
  evicted: {
    code: "worker-evicted",
    message: "The machine the worker ran on needed the room for something else.",
    hint: ASK_AGAIN,
  },
  "image-pull-failed": {
    code: "worker-image",
    message: "The worker's image could not be fetched, so nothing was started.",
    hint: "Whoever runs Peerbot has to look at this.",
  },
  unschedulable: {
    code: "worker-unschedulable",
    message: "There was no room for another worker.",
    hint: "Reply here in a few minutes to try again.",
  },
  "quota-refused": {
    code: "worker-quota",
    message: "The quota for workers is used up.",
    hint: "Reply here in a few minutes to try again.",
  },
  "node-lost": { code: "worker-node-lost", message: "The machine the worker ran on was lost.", hint: ASK_AGAIN },
  deleted: { code: "worker-deleted", message: "The worker was ended from outside.", hint: ASK_AGAIN },
  "could-not-start": { code: "worker-not-started", message: "The worker could not be started.", hint: ASK_AGAIN },
};

/** One sentence for a person, and what to do next. */
export function failureOfEnd(reason: EndReason): Failure {
  return FAILURES[reason];
}

/** Told when a worker was gone after Stop without having told an outcome. */
export const STOPPED_UNSAVED: Failure = {
  code: "stopped-unsaved",
  message: "The run was stopped, but the worker could not save its work in time.",
  hint: "Work it had not pushed yet is lost. Reply here to go on from what was pushed.",
};

const LAST_ATTEMPT = 2;

/** Ends that say nothing about the work itself, so that the same again may well succeed. */
const WORTH_ANOTHER_TRY: ReadonlySet<EndReason> = new Set([
  "crashed",
  "evicted",
  "node-lost",
  "deleted",
  "could-not-start",
]);

/** True when the run is to be tried once more without anybody asking. */
export function isRetriedAfter(end: Pick<RunEnd, "reason">, attempt: number): boolean {
  return attempt < LAST_ATTEMPT && WORTH_ANOTHER_TRY.has(end.reason);
}

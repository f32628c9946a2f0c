import type { EndReason, Failure } from "@peerbot/contracts";
import { inertMrkdwn } from "../markdown/inert-text.ts";

/** What went wrong and what to do next, each one sentence in mrkdwn. */
export interface FailureWords {
  what: string;
  next: string;
}

const TRY_AGAIN = "Press *Retry* to try again.";
const TRY_LATER = "Wait a few minutes, then press *Retry*.";
const SMALLER = "Ask for it in smaller steps, or press *Retry*.";
const TELL_ADMIN = "Please tell whoever looks after Peerbot here; then press *Retry*.";

const BY_REASON: Readonly<Record<EndReason, FailureWords>> = {
  completed: { what: "The run ended without saying how it went.", next: TRY_AGAIN },
  crashed: { what: "The run broke off unexpectedly.", next: TRY_AGAIN },
  "out-of-memory": { what: "The work needed more memory than a run may use.", next: SMALLER },
  "deadline-exceeded": { what: "The time for one run was over before the work was done.", next: SMALLER },
  evicted: { what: "The computer it ran on was needed for something else.", next: TRY_AGAIN },
  "image-pull-failed": { what: "The run could not start: its software could not be loaded.", next: TELL_ADMIN },
  unschedulable: { what: "The run could not start: there was no free computer for it.", next: TRY_LATER },
  "quota-refused": { what: "The run could not start: all the room set aside for runs is taken.", next: TRY_LATER },
  "node-lost": { what: "The computer it ran on went away.", next: TRY_AGAIN },
  deleted: { what: "The run was ended from outside before it was done.", next: TRY_AGAIN },
  "could-not-start": { what: "The run could not start.", next: TELL_ADMIN },
};

const GITHUB_AWAY: FailureWords = { what: "GitHub did not answer as it should.", next: TRY_LATER };
const GITHUB_REFUSED: FailureWords = { what: "GitHub did not let Peerbot in.", next: TELL_ADMIN };
const MEMORY_AWAY: FailureWords = { what: "The conversation so far could not be loaded or saved.", next: TRY_LATER };

/** Codes whose own sentence is for operators, or that deserve better advice; others speak for themselves. */
const BY_CODE: Readonly<Record<string, FailureWords>> = {
  "model-unreachable": { what: "Claude could not be reached.", next: TRY_LATER },
  "model-overloaded": { what: "Claude is overloaded at the moment.", next: TRY_LATER },
  "model-error": { what: "Claude had a problem of its own.", next: TRY_LATER },
  "model-unauthorized": { what: "Claude did not accept Peerbot's key.", next: TELL_ADMIN },
  "model-not-found": { what: "The model Peerbot is set to use does not exist.", next: TELL_ADMIN },
  "conversation-too-long": {
    what: "This conversation has become too long for Claude.",
    next: "Start a new thread for the next step; the branch keeps the work.",
  },
  "agent-missing": { what: "The run could not start: a part of its software is missing.", next: TELL_ADMIN },
  "gateway-unreachable": { what: "The run lost its connection to Peerbot.", next: TRY_AGAIN },
  internal: { what: "Something went wrong inside Peerbot.", next: TRY_AGAIN },
  "redis-away": { what: "Peerbot's own memory was away for a moment.", next: TRY_AGAIN },
  "git-failed": { what: "The changes could not be put together.", next: TRY_AGAIN },
  "git-unreachable": GITHUB_AWAY,
  "git-host-failed": GITHUB_AWAY,
  "git-host-unreachable": GITHUB_AWAY,
  "github-unavailable": GITHUB_AWAY,
  "github-rate-limited": { what: "GitHub allows no more requests for the moment.", next: TRY_LATER },
  "git-host-unauthorized": GITHUB_REFUSED,
  "github-unauthorized": GITHUB_REFUSED,
  "github-forbidden": { what: "GitHub does not allow Peerbot to do this.", next: TELL_ADMIN },
  "github-not-found": { what: "Peerbot does not see the place for your repository on GitHub.", next: TELL_ADMIN },
  "github-refused": { what: "GitHub refused what Peerbot asked for.", next: TELL_ADMIN },
  "repository-not-found": {
    what: "The repository is not there, or Peerbot may not see it.",
    next: "Check that it exists and was not renamed, then press *Retry*.",
  },
  "repository-unavailable": { what: "Your repository could not be prepared, so nothing was started.", next: TRY_AGAIN },
  "push-conflict": {
    what: "Somebody else kept changing the branch at the same time, so the changes were not put over theirs.",
    next: "Press *Retry* when it is quiet: the work is then done on top of theirs.",
  },
  "push-refused": { what: "GitHub did not take the changes; they are in no branch yet.", next: TRY_AGAIN },
  "conversation-conflict": { what: "Another run of this thread saved its work first.", next: TRY_AGAIN },
  "conversation-store-unavailable": MEMORY_AWAY,
  "conversation-store-forbidden": { ...MEMORY_AWAY, next: TELL_ADMIN },
  "conversation-unreadable": {
    what: "What was said before in this thread can no longer be read.",
    next: "Start a new thread; the branch still holds the work.",
  },
  "stopped-unsaved": {
    what: "The work since the last save was lost, because it could not be saved in time.",
    next: "Press *Continue*, or reply here, to go on from what was saved before.",
  },
};

/** Words for the end of a run that told no outcome. A failure of the worker itself says no more than the reason does. */
export function wordsOfEnd(reason: EndReason, failure: Failure | undefined): FailureWords {
  return failure === undefined || failure.code.startsWith("worker-") ? BY_REASON[reason] : wordsOfFailure(failure);
}

/** Words for a failure: ours where the code is known, else its own sentence, made safe to show. */
export function wordsOfFailure({ code, message, hint }: Failure): FailureWords {
  // A worker chose the code: `constructor` is none of ours.
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  return {
    what: sentence(inertMrkdwn(message, 400)) || "Something went wrong.",
    next: hint === undefined ? TRY_AGAIN : sentence(inertMrkdwn(hint, 300)),
  };
}

function sentence(text: string): string {
  if (text === "") return "";
  const capital = text[0]?.toUpperCase() ?? "";
  return `${capital}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}

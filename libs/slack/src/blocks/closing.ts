import type { ChangeSize, Commit, EndReason, Failure, PullRequest, Repository, Usage } from "@peerbot/contracts";
import type { Button } from "@slack/types";
import { inertCode, inertMrkdwn } from "../markdown/inert-text.ts";
import { type FailureWords, wordsOfEnd, wordsOfFailure } from "./failure-words.ts";
import type { SlackMessage } from "./message.ts";
import { actionButton, actions, footnote, linkButton, mention, mrkdwnLink, paragraph } from "./parts.ts";
import { costWords, countWords, durationWords } from "./quantities.ts";

/** How a round ended, as a person understands it. */
export type Outcome = "completed" | "no-changes" | "failed" | "stopped" | "saved" | "cancelled";

export interface Closing {
  outcome: Outcome;
  /** Slack user id of whom it was done for. */
  user: string;
  sessionKey: string;
  epoch: number;
  failure?: Failure | undefined;
  /** Why the worker ended, when it told no outcome itself. */
  reason?: EndReason | undefined;
  repository?: Repository | undefined;
  branch?: string | undefined;
  commit?: Commit | undefined;
  changes?: ChangeSize | undefined;
  pullRequest?: PullRequest | undefined;
  usage?: Usage | undefined;
  /** From the message to the end, in milliseconds. */
  durationMs: number;
}

/** The round's last message: how it went, what there is to see, what can be done next. */
export function closingMessage(closing: Closing): SlackMessage {
  const words = outcomeWords(closing);
  const lines = [[mention(closing.user), words.headline].filter(Boolean).join(" "), ...words.more];
  const result = resultWords(closing);
  const buttons = buttonsOf(closing);
  return {
    text: [...lines, ...(result === "" ? [] : [result])].join("\n"),
    blocks: [
      paragraph(lines.join("\n")),
      ...(result === "" ? [] : [paragraph(result)]),
      ...(buttons.length === 0 ? [] : [actions(buttons)]),
      footnote(footerWords(closing)),
    ],
  };
}

function outcomeWords(closing: Closing): { headline: string; more: string[] } {
  const { commit, pullRequest } = closing;
  switch (closing.outcome) {
    case "completed": {
      const subject = commit === undefined ? "" : ` ${inertMrkdwn(commit.subject, 200)}`;
      return { headline: `:white_check_mark: *Done.*${subject}`, more: [] };
    }
    case "no-changes":
      return { headline: ":white_check_mark: *Done.* No files were changed.", more: [] };
    case "failed": {
      const { what, next } = failureWords(closing);
      const kept = commit === undefined ? [] : ["What was finished before that is saved."];
      return { headline: `:warning: *This did not work.* ${what}`, more: [...kept, next] };
    }
    case "stopped": {
      const lost = closing.failure === undefined ? undefined : failureWords(closing);
      const next =
        lost === undefined ? `${keptWords(commit)} Press *Continue*, or reply here, to carry on.` : lost.next;
      return { headline: `:octagonal_sign: *Stopped.*${lost === undefined ? "" : ` ${lost.what}`}`, more: [next] };
    }
    case "saved":
      return {
        headline: `:floppy_disk: *Paused.* ${closing.failure === undefined ? "The run was interrupted before it was done." : failureWords(closing).what}`,
        more: [`${keptWords(commit ?? pullRequest)} Press *Continue* to carry on from there.`],
      };
    case "cancelled":
      return { headline: "*Cancelled* before it began. Nothing was changed.", more: [] };
    default:
      return closing.outcome satisfies never;
  }
}

function keptWords(kept: unknown): string {
  return kept === undefined ? "The conversation is saved; no files were changed." : "The work so far is saved.";
}

function failureWords({ failure, reason }: Closing): FailureWords {
  if (reason !== undefined) return wordsOfEnd(reason, failure);
  return wordsOfFailure(failure ?? { code: "crashed", message: "" });
}

/** `3 files changed, +120 −14 · commit 1a2b3c4 on branch`. */
function resultWords({ changes, commit, branch, repository, outcome }: Closing): string {
  if (outcome === "cancelled" || outcome === "no-changes") return "";
  const size =
    changes === undefined || changes.files === 0
      ? []
      : [`${countWords(changes.files, "file")} changed, +${changes.insertions} −${changes.deletions}`];
  if (commit === undefined) return size.join("");
  const place =
    repository === undefined ? "" : `${mrkdwnLink(repository.webUrl, inertMrkdwn(repository.name, 100))} · `;
  const where = branch === undefined ? "" : ` on ${inertCode(branch, 120)}`;
  return [...size, `${place}commit ${inertCode(commit.sha.slice(0, 7), 7)}${where}`].join(" · ");
}

function buttonsOf({ outcome, sessionKey, pullRequest }: Closing): Button[] {
  const review = pullRequest === undefined ? [] : [linkButton("View pull request", pullRequest.url)];
  if (outcome === "failed") return [...review, actionButton("retry", "Retry", { sessionKey })];
  if (outcome === "stopped" || outcome === "saved") {
    return [...review, actionButton("continue", "Continue", { sessionKey })];
  }
  return outcome === "cancelled" ? [] : review;
}

/** How long, how much; after a failure also what to quote when asking for help. */
function footerWords({ usage, durationMs, outcome, sessionKey, epoch, pullRequest }: Closing): string {
  return [
    ...(pullRequest === undefined ? [] : [`Pull request #${pullRequest.number}`]),
    durationWords(durationMs),
    ...(usage === undefined ? [] : [costWords(usage.costUsd)]),
    ...(outcome === "failed" ? [`reference ${inertCode(`${sessionKey}/${epoch}`, 100)}`] : []),
  ].join(" · ");
}

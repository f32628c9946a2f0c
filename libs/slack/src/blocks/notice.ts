import type { Notice } from "@peerbot/contracts";
import { inertCode } from "../markdown/inert-text.ts";

type AboutOption = "option-unknown" | "option-not-allowed";

const WORDS: Readonly<Record<Exclude<Notice["reason"], AboutOption>, string>> = {
  "user-not-allowed":
    "You are not on the list of people who may use me here. Whoever looks after Peerbot in this workspace can add you.",
  "channel-not-allowed":
    "I may not work in this channel. Mention me in a channel I am allowed in, or write to me directly.",
  "external-user": "I only work for members of this workspace, so I have not started anything.",
  "empty-mention":
    "What should I do? Mention me together with the task, for example: _add a health endpoint and a test for it_.",
  "prompt-too-long":
    "That message is too long for me. Please shorten it, or put the long part into a file in the repository and point me to it.",
  "nothing-to-stop": "Nothing is running or waiting in this thread, so there is nothing to stop.",
  "not-your-session":
    "Only the person who started this can do that. Start your own thread and I will work for you there.",
  "only-options":
    "What should I do? Write options such as `size=large` together with the task; they then hold for the whole thread.",
};

/** Why a message was not taken, for the person who wrote it. */
export function noticeText({ reason, option }: Pick<Notice, "reason" | "option">): string {
  switch (reason) {
    case "option-unknown":
      return `There is no ${writtenAs(option)}, so I did not take that message. ${instead(option)} If it is part of the task, put it between backticks.`;
    case "option-not-allowed":
      return `Whoever looks after Peerbot has switched ${writtenAs(option)} off here, so I did not take that message. ${instead(option)}`;
    default:
      return WORDS[reason];
  }
}

/** What somebody wrote: it may be anything. */
function writtenAs(option: Notice["option"]): string {
  return inertCode(option?.written ?? "such an option", 60);
}

function instead(option: Notice["option"]): string {
  const possible = option?.possible ?? [];
  if (possible.length === 0) return "Please write it again without that.";
  return `Please write it again with ${possible.map((each) => inertCode(each, 60)).join(" or ")}, or without.`;
}

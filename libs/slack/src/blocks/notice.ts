import type { Notice } from "@peerbot/contracts";

const WORDS: Readonly<Record<Notice["reason"], string>> = {
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
};

/** Why a message was not taken, for the person who wrote it. */
export function noticeText(reason: Notice["reason"]): string {
  return WORDS[reason];
}

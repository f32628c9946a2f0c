import type { Person, PullRequestDraft } from "@peerbot/contracts";
import { oneLine, shorten } from "./workspace/commit-message.ts";

const LONGEST_ANSWER = 20_000;
const LONGEST_REQUEST = 4_000;
const MOST_SUBJECTS = 50;

/** The pull request as its reviewer reads it: what was done, who asked for it and with which words. */
export function writePullRequest(options: {
  title: string;
  /** Of the branch's commits, oldest first. */
  subjects: readonly string[];
  answer: string;
  request: string;
  person: Person;
  branch: string;
}): PullRequestDraft {
  const { title, subjects, answer, request, person, branch } = options;
  const quoted = shorten(request, LONGEST_REQUEST)
    .split("\n")
    .map((line) => `> ${line}`);
  return {
    title: shorten(oneLine(title), 256),
    body: [
      shorten(answer.trim(), LONGEST_ANSWER) || "The agent left no summary.",
      "",
      "---",
      `Asked by **${oneLine(person.name)}** in Slack${request === "" ? "." : ":"}`,
      ...(request === "" ? [] : ["", ...quoted]),
      ...(subjects.length < 2
        ? []
        : ["", "Commits:", ...subjects.slice(-MOST_SUBJECTS).map((subject) => `- ${subject}`)]),
      "",
      `Made by Peerbot on \`${branch}\`. Replies in the Slack thread go on with it.`,
    ].join("\n"),
  };
}

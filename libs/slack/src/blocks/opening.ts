import { type Repository, type RunOptions, writtenOptions } from "@peerbot/contracts";
import { inertCode, inertMrkdwn } from "../markdown/inert-text.ts";
import type { SlackMessage } from "./message.ts";
import { actionButton, actions, footnote, mrkdwnLink, paragraph } from "./parts.ts";
import { clockTime, countWords, durationWords } from "./quantities.ts";

/** What the first message of a round says now. Times in milliseconds since 1970. */
export type Opening =
  | { state: "accepted"; because: "said" | "retry" | "continue"; options?: RunOptions | undefined }
  | {
      state: "waiting";
      reason: "user-limit" | "capacity";
      until?: number | undefined;
      position?: number | undefined;
      limit?: { max: number; windowSeconds: number } | undefined;
      now: number;
    }
  | { state: "starting" | "working" | "stopping" | "over"; place: Place }
  | { state: "withdrawn" };

/** Where a run works; the repository is known a little later than the branch. */
export interface Place {
  repository: Repository | undefined;
  branch: string | undefined;
  options?: RunOptions | undefined;
}

/** The round's first message: an answer at once, then where the work happens, with a way to stop it. */
export function openingMessage(opening: Opening, sessionKey: string): SlackMessage {
  switch (opening.state) {
    case "accepted":
      return withButton(
        `${GREETINGS[opening.because]} Getting a workspace ready${optionWords(opening.options)}…`,
        "Stop",
        sessionKey,
      );
    case "waiting":
      return withButton(waitingWords(opening), "Cancel", sessionKey);
    case "starting":
      return withButton(`On it. Starting${optionWords(opening.place.options)}…`, "Stop", sessionKey);
    case "working":
      return withButton(`Working${placeWords(opening.place)}`, "Stop", sessionKey);
    case "stopping":
      return quiet("Stopping; what is done so far is being saved…");
    case "over":
      return quiet(`Worked${placeWords(opening.place)}`);
    case "withdrawn":
      return quiet("Withdrawn before it began.");
    default:
      return opening satisfies never;
  }
}

const GREETINGS = { said: "On it.", retry: "Trying again.", continue: "Carrying on." } as const;

function waitingWords({ reason, until, position, limit, now }: Extract<Opening, { state: "waiting" }>): string {
  const place = position === undefined ? "" : ` (position ${position})`;
  const start = until === undefined ? "as soon as there is room" : `at ${clockTime(until, now)}`;
  if (reason === "capacity") return `Everything is busy right now. This one starts ${start}${place}.`;
  const used =
    limit === undefined
      ? "You have used your runs for now."
      : `You have used your ${countWords(limit.max, "run")} of the last ${windowWords(limit.windowSeconds)}.`;
  return `${used} This one starts ${start}${place}.`;
}

function windowWords(seconds: number): string {
  return seconds % 60 === 0 && seconds < 3600 ? countWords(seconds / 60, "minute") : durationWords(seconds * 1000);
}

/** What the run has besides; nothing when it has what all have. */
function optionWords(options: RunOptions = {}): string {
  const written = writtenOptions(options);
  return written.length === 0 ? "" : ` with ${written.map((each) => inertCode(each, 60)).join(" and ")}`;
}

function placeWords({ repository, branch, options }: Place): string {
  const where =
    repository === undefined
      ? ""
      : ` in ${mrkdwnLink(repository.webUrl, inertMrkdwn(`${repository.owner}/${repository.name}`, 200))}`;
  return `${where}${branch === undefined ? "" : ` on ${inertCode(branch, 120)}`}${optionWords(options)}`;
}

function withButton(text: string, label: "Stop" | "Cancel", sessionKey: string): SlackMessage {
  return { text, blocks: [paragraph(text), actions([actionButton("stop", label, { sessionKey })])] };
}

function quiet(text: string): SlackMessage {
  return { text, blocks: [footnote(text)] };
}

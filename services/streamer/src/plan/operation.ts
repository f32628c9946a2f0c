import type { PacePriority, SlackMessage } from "@peerbot/slack";
import type { AnyChunk } from "@slack/types";
import type { ReplySign } from "./sent-thread.ts";

/** The round's own messages; progress messages are numbered from 0. */
export type PartName = "opening" | "closing" | { progress: number };

/** The plan as one call shows it. */
export interface ShownPlan {
  title: string;
  rows: Record<string, string>;
}

/** Where a progress message ends: the next one begins with these steps. */
export interface Seal {
  endStep: number;
  left: number[];
}

/** Content of a progress message that is posted or edited whole. */
export interface WholeProgress extends ShownPlan {
  /** Either blocks with their text, or Markdown alone. */
  content: SlackMessage | { markdown: string };
  /** It shows the answer up to here. */
  to: number;
  shown: string;
}

/** One call of Slack that brings the thread nearer to what it has to show. */
export type Operation =
  | { kind: "find"; part: PartName }
  | { kind: "post"; part: "opening" | "closing"; message: SlackMessage; shown: string }
  | { kind: "edit"; part: "opening"; message: SlackMessage; shown: string }
  | ({ kind: "start"; from: number; firstStep: number; carried: number[]; chunks: AnyChunk[] } & ShownPlan)
  | ({ kind: "append"; index: number; to: number; chunks: AnyChunk[]; seal: Seal | null } & ShownPlan)
  | { kind: "stop"; index: number; sessionStatus: "processing" | "active"; seal: Seal | null }
  | { kind: "unstream"; index: number }
  | ({
      kind: "post-progress";
      from: number;
      firstStep: number;
      carried: number[];
      isPlain: boolean;
      seal: Seal | null;
    } & WholeProgress)
  | ({ kind: "edit-progress"; index: number; seal: Seal | null } & WholeProgress)
  | {
      kind: "react";
      ts: string;
      name: "eyes" | "white_check_mark";
      isRemoval: boolean;
      becomes: ReplySign;
    }
  | { kind: "status"; status: "processing" | "active" };

/** Slack's method for an operation. */
export function methodOf(operation: Operation): SlackMethodName {
  if (operation.kind === "react") return operation.isRemoval ? "reactions.remove" : "reactions.add";
  return METHODS[operation.kind];
}

const METHODS = {
  find: "conversations.replies",
  post: "chat.postMessage",
  edit: "chat.update",
  start: "chat.startStream",
  append: "chat.appendStream",
  stop: "chat.stopStream",
  unstream: "chat.stopStream",
  "post-progress": "chat.postMessage",
  "edit-progress": "chat.update",
  status: "agents.sessions.setStatus",
} as const satisfies Record<Exclude<Operation["kind"], "react">, string>;

export type SlackMethodName = (typeof METHODS)[keyof typeof METHODS] | "reactions.add" | "reactions.remove";

/** What comes next in a thread. */
export type Next =
  | { kind: "do"; operation: Operation; priority: PacePriority }
  /** Nothing now; at `at` (milliseconds since 1970) there may be, without any new event. */
  | { kind: "wait"; at: number | undefined }
  /** The oldest round is shown to its end. */
  | { kind: "delivered" };

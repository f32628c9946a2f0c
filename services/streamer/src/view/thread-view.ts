import {
  ChangeSize,
  Commit,
  EndReason,
  Failure,
  Phase,
  PullRequest,
  Repository,
  RunOptions,
  Usage,
} from "@peerbot/contracts";
import { MarkdownReader } from "@peerbot/slack";
import { z } from "zod";

/** One row of the plan as told so far. */
export const Step = z.object({
  /** Unique in the round: the run's epoch and the worker's own id. */
  id: z.string(),
  kind: z.enum(["setup", "work", "delivery", "remark"]),
  title: z.string(),
  status: z.enum(["in_progress", "complete", "error"]),
  detail: z.string().optional(),
});
export type Step = z.infer<typeof Step>;

/** How a round ended. */
export const Ending = z.object({
  outcome: z.enum(["completed", "no-changes", "failed", "stopped", "saved", "cancelled"]),
  /** Milliseconds since 1970. */
  at: z.number(),
  reason: EndReason.optional(),
  failure: Failure.optional(),
  commit: Commit.optional(),
  changes: ChangeSize.optional(),
  pullRequest: PullRequest.optional(),
  usage: Usage.optional(),
});
export type Ending = z.infer<typeof Ending>;

export const Waiting = z.object({
  reason: z.enum(["user-limit", "capacity"]),
  until: z.number().optional(),
  position: z.number().optional(),
  limit: z.object({ max: z.number(), windowSeconds: z.number() }).optional(),
});

/** From the message that asked for something to how that ended: one run, or several when it was tried again. */
export const Round = z.object({
  /** Sequence number of the event that began it. */
  id: z.number().int(),
  /** Slack user id of whom it works for. */
  user: z.string(),
  /** Slack user id of whose repository it works in, once a run began. */
  owner: z.string().optional(),
  because: z.enum(["said", "retry", "continue"]),
  /** Milliseconds since 1970. */
  beganAt: z.number(),
  /** Newest Slack timestamp of what people said in it. */
  lastSaidTs: z.string(),
  state: z.enum(["accepted", "waiting", "running", "ended"]),
  waiting: Waiting.optional(),
  isStopping: z.boolean(),
  /** 0 before a run began. */
  epoch: z.number().int(),
  branch: z.string().optional(),
  repository: Repository.optional(),
  /** What was asked for, and once a run began what it was given. */
  options: RunOptions.optional(),
  /** Workspace of the person, once known. */
  team: z.string().optional(),
  phase: Phase.optional(),
  modelRequestedAt: z.number().optional(),
  steps: z.array(Step),
  /** The answer so far, safe to show; only ever grows at its end. */
  body: z.string(),
  reader: MarkdownReader,
  ending: Ending.optional(),
});
export type Round = z.infer<typeof Round>;

/**
 * Something said while a round was open: the person sees whether it was noticed. `isLetGo`: the round ended without it,
 * and how it ended says what to do; a later run may still take it.
 */
export const Reply = z.object({
  id: z.string(),
  ts: z.string(),
  isTaken: z.boolean(),
  isLetGo: z.boolean().optional(),
});
export type Reply = z.infer<typeof Reply>;

/** What a thread has to show, as far as its events tell. */
export const ThreadView = z.object({
  v: z.literal(1),
  /** The last event that is part of it. */
  seq: z.number().int(),
  /** Rounds that are not yet shown to their end, oldest first; only the last can be open. */
  rounds: z.array(Round),
  replies: z.array(Reply),
  /** What a run of this epoch, or of an older one, still says is not shown any more. */
  doneEpoch: z.number().int(),
});
export type ThreadView = z.infer<typeof ThreadView>;

export const EMPTY_VIEW: ThreadView = { v: 1, seq: 0, rounds: [], replies: [], doneEpoch: 0 };

/** The round that goes on, if any. */
export function openRound(view: ThreadView): Round | undefined {
  const last = view.rounds.at(-1);
  return last?.state === "ended" ? undefined : last;
}

import { z } from "zod";
import { PullRequest, Repository } from "./repository.ts";
import { RunOptions } from "./run-options.ts";

/** A failure as people and operators meet it: a stable code, one sentence, and what to do next. */
export const Failure = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
export type Failure = z.infer<typeof Failure>;

/** Every way a worker's life can end that its own `finished` event does not tell. */
export const EndReason = z.enum([
  "completed",
  "crashed",
  "out-of-memory",
  "deadline-exceeded",
  "evicted",
  "image-pull-failed",
  "unschedulable",
  "quota-refused",
  "node-lost",
  "deleted",
  "could-not-start",
]);
export type EndReason = z.infer<typeof EndReason>;

export const Phase = z.enum([
  "preparing",
  "cloning",
  "restoring",
  "working",
  "committing",
  "pushing",
  "opening-pull-request",
  "saving",
]);
export type Phase = z.infer<typeof Phase>;

export const Commit = z.object({ sha: z.string(), subject: z.string() });
export type Commit = z.infer<typeof Commit>;

/** Diff of the session branch against its base, in files and lines. */
export const ChangeSize = z.object({ files: z.number(), insertions: z.number(), deletions: z.number() });
export type ChangeSize = z.infer<typeof ChangeSize>;

/** What a run cost: tokens, US dollars (list price, estimate), turns of the model and milliseconds. */
export const Usage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number(),
  turns: z.number(),
  durationMs: z.number(),
});
export type Usage = z.infer<typeof Usage>;

/**
 * How a run ended in the worker's own words. `completed` has pushed something, `no-changes` answered without changing a
 * file, `saved` was interrupted (deadline, eviction, deploy) after pushing and saving, `stopped` was stopped by a person.
 */
export const RunFinished = z.object({
  type: z.literal("finished"),
  outcome: z.enum(["completed", "no-changes", "failed", "stopped", "saved"]),
  failure: Failure.optional(),
  branch: z.string(),
  commit: Commit.optional(),
  changes: ChangeSize.optional(),
  pullRequest: PullRequest.optional(),
  usage: Usage.optional(),
});
export type RunFinished = z.infer<typeof RunFinished>;

/** What a worker may report; the gateway stamps time and epoch. */
export const WorkerEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("phase"), phase: Phase }),
  /** Messages the agent has been given; `ids` are message identities. */
  z.object({ type: z.literal("messages-taken"), ids: z.array(z.string()) }),
  /** One row of the plan. The same `id` updates the row in place. Title at most 120 characters. */
  z.object({
    type: z.literal("step"),
    id: z.string(),
    title: z.string(),
    status: z.enum(["in_progress", "complete", "error"]),
    detail: z.string().optional(),
  }),
  /** More of the answer, Markdown as the model wrote it. */
  z.object({ type: z.literal("text"), text: z.string() }),
  /** Something people should know that is not the answer ("the model is busy, trying again in 8 s"). */
  z.object({ type: z.literal("notice"), text: z.string() }),
]);
export type WorkerEvent = z.infer<typeof WorkerEvent>;

/** What ingress, launcher and gateway add of their own. */
export const SystemEvent = z.discriminatedUnion("type", [
  /** ingress: a message is in the inbox. */
  z.object({
    type: z.literal("accepted"),
    messageId: z.string(),
    kind: z.enum(["said", "edited", "stop", "continue", "retry"]),
    user: z.string(),
    ts: z.string(),
    /** What the message asked for besides. */
    options: RunOptions.optional(),
  }),
  /** launcher: the run cannot start yet; `until` in milliseconds since 1970 when that is known, `position` counts from 1. */
  z.object({
    type: z.literal("waiting"),
    reason: z.enum(["user-limit", "capacity"]),
    until: z.number().optional(),
    position: z.number().optional(),
    limit: z.object({ max: z.number(), windowSeconds: z.number() }).optional(),
  }),
  /** launcher: what waited was withdrawn before it began; `messageIds` are the messages that asked for it. */
  z.object({ type: z.literal("cancelled"), user: z.string(), messageIds: z.array(z.string()).optional() }),
  /** launcher: a worker is being started. */
  z.object({
    type: z.literal("run-started"),
    user: z.string(),
    repository: Repository.optional(),
    branch: z.string(),
    options: RunOptions.optional(),
    attempt: z.number().int(),
    messageIds: z.array(z.string()),
  }),
  /** gateway: the run's first request to the model passed. */
  z.object({ type: z.literal("model-requested") }),
  /** launcher: the worker is gone. Final unless `finished` came before it or `isRetrying`. */
  z.object({
    type: z.literal("run-ended"),
    reason: EndReason,
    failure: Failure.optional(),
    isRetrying: z.boolean(),
  }),
]);
export type SystemEvent = z.infer<typeof SystemEvent>;

export const SessionEvent = z.discriminatedUnion("type", [...WorkerEvent.options, ...SystemEvent.options, RunFinished]);
export type SessionEvent = z.infer<typeof SessionEvent>;

/** An event as stored. `seq` counts from 1 without gaps, `epoch` is 0 for what happened outside a run, `at` is in milliseconds. */
export const StoredEvent = z.object({
  v: z.literal(1),
  seq: z.number().int(),
  epoch: z.number().int(),
  at: z.number(),
  event: SessionEvent,
});
export type StoredEvent = z.infer<typeof StoredEvent>;

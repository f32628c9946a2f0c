import { z } from "zod";
import { Person, Repository } from "./repository.ts";
import { RunOptions } from "./run-options.ts";
import { RunFinished } from "./session-event.ts";
import { SessionKey } from "./session-key.ts";

/** What is known of a session's latest run. There is at most one live run per session. */
export const RunRecord = z.object({
  v: z.literal(1),
  sessionKey: SessionKey,
  /** Only goes up, also when Redis was emptied in between. */
  epoch: z.number().int(),
  /** `finished`: the worker told its outcome; `ended`: its end was seen. */
  state: z.enum(["live", "finished", "ended"]),
  /** 1 for the first try; an automatic retry counts up. */
  attempt: z.number().int(),
  person: Person,
  /** Known once the launcher has prepared it, before the worker starts. */
  repository: Repository.optional(),
  branch: z.string(),
  /** What its worker is given; a retry is given the same. */
  options: RunOptions.optional(),
  /** Inbox entries after this id are the run's. */
  inboxAfter: z.string(),
  /** Last inbox entry known when it began: however it ends, entries up to here have had their run. */
  inboxThrough: z.string().optional(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** Milliseconds since 1970; the runner kills the worker then. */
  deadlineAt: z.number(),
  /** What the worker told, once it did. */
  outcome: RunFinished.shape.outcome.optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** A person as limits and the fair order count them: a Slack user id means something within its workspace only. */
export const WorkspaceUser = z.object({ team: z.string(), user: z.string() });
export type WorkspaceUser = z.infer<typeof WorkspaceUser>;

/** What the queue carries: that there is work, and whose turn it takes. The messages are in the inbox. */
export const SessionJob = z.object({
  v: z.literal(1),
  sessionKey: SessionKey,
  enqueuedAt: z.number(),
  /** Unset: the session takes turns on its own. */
  person: WorkspaceUser.optional(),
});
export type SessionJob = z.infer<typeof SessionJob>;

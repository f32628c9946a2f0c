import { z } from "zod";
import { Person, Repository } from "./repository.ts";
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

/** What the queue carries: only that there is work. The messages are in the inbox. */
export const SessionJob = z.object({ v: z.literal(1), sessionKey: SessionKey, enqueuedAt: z.number() });
export type SessionJob = z.infer<typeof SessionJob>;

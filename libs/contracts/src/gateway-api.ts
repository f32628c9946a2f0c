import { z } from "zod";
import { ConversationState } from "./conversation.ts";
import { InboxEntry } from "./inbox-message.ts";
import { Person, PullRequest, Repository } from "./repository.ts";
import { RunFinished, WorkerEvent } from "./session-event.ts";
import { SessionKey } from "./session-key.ts";

/*
 * The gateway's HTTP API, the only address a worker knows. JSON bodies; `Authorization: Bearer {run token}`.
 *
 *   POST /v1/exchange          ExchangeRequest (no header)  → ExchangeResponse    a start token works once; again for the same claimant
 *   GET  /v1/assignment                                     → Assignment
 *   GET  /v1/inbox?after=ID&waitSeconds=N                   → InboxPage           long poll, N ≤ 30; empty page when nothing came
 *   POST /v1/events            EventBatch                   → EventBatchResult    idempotent by `n`
 *   GET  /v1/conversation                                   → ConversationPage    `state: null` when nothing is saved
 *   PUT  /v1/conversation      ConversationSave             → ConversationSaved   412 `conversation-conflict`
 *   POST /v1/pull-request      PullRequestDraft             → PullRequest         opens it, or updates the open one
 *   POST /v1/finish            FinishRequest                → FinishResponse
 *   POST /v1/standby           StandbyRequest (no header)   → StandbyAccepted     a standby token works once
 *   GET  /v1/standby/order?waitSeconds=N  (waiting token)   → StandbyNews         long poll, N ≤ 30
 *   POST /v1/standby/take                 (waiting token)   → TakenRun            the run that was offered; again on repetition
 *   ANY  /anthropic/*          the Claude API, with the model token as API key
 *   ANY  /git/{owner}/{name}.git/*   git smart HTTP, basic auth with the git token as password
 *
 * Errors: GatewayError. 401 `token-invalid` | `token-expired`, 403 `token-scope`, 409 `fenced` (a newer run exists:
 * stop at once), 409 `start-token-used`, 409 `standby-over` (no run will come: leave), 400 `bad-request`, 5xx with the code of what failed behind the gateway.
 */

/** `claimant`: drawn at random by the worker and told to nobody else, so that it may ask again for an answer that got lost. */
export const ExchangeRequest = z.object({ startToken: z.string(), claimant: z.string().min(1).max(64).optional() });
export type ExchangeRequest = z.infer<typeof ExchangeRequest>;
export const ExchangeResponse = z.object({ runToken: z.string(), gitToken: z.string(), modelToken: z.string() });
export type ExchangeResponse = z.infer<typeof ExchangeResponse>;

/** What a worker is to do and for whom. Holds no secret. */
export const Assignment = z.object({
  v: z.literal(1),
  sessionKey: SessionKey,
  epoch: z.number().int(),
  person: Person,
  repository: Repository,
  branch: z.string(),
  inboxAfter: z.string(),
  /** Model name or alias as the Claude API takes it; unset means the agent's default. */
  model: z.string().optional(),
  /** Milliseconds since 1970. The worker saves its work well before this. */
  deadlineAt: z.number(),
});
export type Assignment = z.infer<typeof Assignment>;

export const StandbyRequest = z.object({ standbyToken: z.string() });
/** `waitUntil`, in milliseconds since 1970: a worker that has no run by then leaves. */
export const StandbyAccepted = z.object({ waitingToken: z.string(), waitUntil: z.number() });
export type StandbyAccepted = z.infer<typeof StandbyAccepted>;
/** `over`: no run will come, leave. */
export const StandbyNews = z.object({ status: z.enum(["waiting", "offered", "over"]) });
export type StandbyNews = z.infer<typeof StandbyNews>;
/** All a worker that waited needs to begin: what a start token is exchanged for, and what to do. */
export const TakenRun = z.object({ tokens: ExchangeResponse, assignment: Assignment });
export type TakenRun = z.infer<typeof TakenRun>;

export const InboxPage = z.object({ entries: z.array(InboxEntry) });
export type InboxPage = z.infer<typeof InboxPage>;

/** `n` counts a run's events from 1 without gaps; sending the same `n` again changes nothing. */
export const NumberedEvent = z.object({ n: z.number().int().positive(), event: WorkerEvent });
export type NumberedEvent = z.infer<typeof NumberedEvent>;
export const EventBatch = z.object({ events: z.array(NumberedEvent).min(1).max(500) });
export type EventBatch = z.infer<typeof EventBatch>;
export const EventBatchResult = z.object({ lastN: z.number().int() });

/** `generation` is an opaque version; null means that nothing is saved yet. */
export const ConversationPage = z.object({ generation: z.string().nullable(), state: ConversationState.nullable() });
export type ConversationPage = z.infer<typeof ConversationPage>;
export const ConversationSave = z.object({ ifGeneration: z.string().nullable(), state: ConversationState });
export type ConversationSave = z.infer<typeof ConversationSave>;
export const ConversationSaved = z.object({ generation: z.string() });

export const PullRequestDraft = z.object({ title: z.string().min(1).max(256), body: z.string().max(60_000) });
export type PullRequestDraft = z.infer<typeof PullRequestDraft>;
export const OpenedPullRequest = PullRequest;

/**
 * Ends the run, unless messages arrived after `handledThrough`: then nothing is written and the worker goes on with them.
 * `isForced` ends it all the same; the waiting messages start the next run.
 */
export const FinishRequest = z.object({
  event: RunFinished,
  handledThrough: z.string().regex(/^\d{1,20}-\d{1,20}$/, "must be the id of an inbox entry"),
  isForced: z.boolean(),
});
export type FinishRequest = z.infer<typeof FinishRequest>;
export const FinishResponse = z.object({ status: z.enum(["finished", "more-messages"]) });
export type FinishResponse = z.infer<typeof FinishResponse>;

/** `hint`: what a person can do about it, one sentence. */
export const GatewayError = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});
export type GatewayError = z.infer<typeof GatewayError>;

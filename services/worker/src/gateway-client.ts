import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  Assignment,
  ConversationPage,
  type ConversationSave,
  ConversationSaved,
  EventBatchResult,
  ExchangeResponse,
  type FinishRequest,
  FinishResponse,
  GatewayError,
  InboxPage,
  type NumberedEvent,
  OpenedPullRequest,
  type PullRequestDraft,
} from "@peerbot/contracts/gateway-api";
import { AppError, messageOf, Secret } from "@peerbot/runtime/core";
import type { z } from "zod";

/** A newer run of the session exists, or this one is over: stop at once, write nothing more. */
export class FencedError extends AppError {
  constructor(cause?: unknown) {
    super("this run is over: it has ended or a newer run of the session has begun", { code: "fenced", cause });
  }
}

/** Beginning of the code of an answer that is not the gateway's own. */
const UNTOLD = "gateway-";

/** The gateway refused a call; `code` is the gateway's. */
export class GatewayCallError extends AppError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    // With 502 the gateway itself tells of a refusal behind it that stays; without a code of its own it is a proxy's.
    const isLasting = status === 502 && !code.startsWith(UNTOLD);
    super(message, { code, retryable: (status >= 500 && !isLasting) || status === 429 });
    this.status = status;
  }
}

/** What a run may ask of its gateway. Everything is retried while the gateway or what is behind it is away. */
export interface GatewayClient {
  assignment(): Promise<Assignment>;
  /** What came after an inbox entry; waits up to `waitSeconds` for it. */
  inbox(options: { after: string; waitSeconds: number; signal?: AbortSignal }): Promise<InboxPage>;
  /** The highest number that is stored: below the last one sent when what came before it is missing. */
  sendEvents(events: readonly NumberedEvent[]): Promise<number>;
  conversation(): Promise<ConversationPage>;
  /** The new generation. @throws FencedError when a newer run saved in between */
  saveConversation(save: ConversationSave): Promise<string>;
  openPullRequest(draft: PullRequestDraft): Promise<z.infer<typeof OpenedPullRequest>>;
  finish(request: FinishRequest): Promise<FinishResponse["status"]>;
}

export interface GatewayAccess {
  gatewayUrl: string;
  runToken: Secret;
  /** How long a call is tried again, in milliseconds. */
  patienceMs: number;
  /** Ends all calls. */
  signal: AbortSignal;
}

const CALL_TIMEOUT_MS = 60_000;
const LONGEST_PAUSE_MS = 5_000;
const SAVE_ATTEMPTS = 3;

/** Trades the start token for the tokens of the run. It works once; that it is the same worker that asks again is shown by its `claimant`. */
export async function exchangeStartToken(options: {
  gatewayUrl: string;
  startToken: Secret;
  patienceMs: number;
  signal: AbortSignal;
}): Promise<{ runToken: Secret; gitToken: Secret; modelToken: Secret }> {
  const { gatewayUrl, startToken, patienceMs, signal } = options;
  const body = { startToken: startToken.reveal(), claimant: randomUUID() };
  const call = () =>
    send(ExchangeResponse, `${gatewayUrl}/v1/exchange`, {
      method: "POST",
      body,
      signal,
    });
  const { runToken, gitToken, modelToken } = await withPatience(call, { patienceMs, signal });
  return { runToken: new Secret(runToken), gitToken: new Secret(gitToken), modelToken: new Secret(modelToken) };
}

export function createGatewayClient({ gatewayUrl, runToken, patienceMs, signal }: GatewayAccess): GatewayClient {
  const call = <Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    { body, timeoutMs, stop }: { body?: unknown; timeoutMs?: number; stop?: AbortSignal } = {},
  ): Promise<z.infer<Schema>> => {
    const until = stop === undefined ? signal : AbortSignal.any([signal, stop]);
    return withPatience(
      () => send(schema, `${gatewayUrl}${path}`, { method, body, token: runToken, signal: until, timeoutMs }),
      { patienceMs, signal: until },
    );
  };
  return {
    assignment: () => call(Assignment, "GET", "/v1/assignment"),
    inbox: ({ after, waitSeconds, signal: stop }) =>
      call(InboxPage, "GET", `/v1/inbox?${new URLSearchParams({ after, waitSeconds: String(waitSeconds) })}`, {
        timeoutMs: waitSeconds * 1000 + CALL_TIMEOUT_MS,
        ...(stop === undefined ? {} : { stop }),
      }),
    sendEvents: async (events) => (await call(EventBatchResult, "POST", "/v1/events", { body: { events } })).lastN,
    conversation: () => call(ConversationPage, "GET", "/v1/conversation"),
    saveConversation: (save) =>
      saveUponOlder(save, {
        load: () => call(ConversationPage, "GET", "/v1/conversation"),
        save: (body) => call(ConversationSaved, "PUT", "/v1/conversation", { body }),
      }),
    openPullRequest: (draft) => call(OpenedPullRequest, "POST", "/v1/pull-request", { body: draft }),
    finish: async (request) => (await call(FinishResponse, "POST", "/v1/finish", { body: request })).status,
  };
}

/**
 * A save that was given up on, of this run or of one before it, may take effect late, in between. Neither ends this run:
 * it saves again, upon what it finds.
 */
async function saveUponOlder(
  { state, ifGeneration }: ConversationSave,
  conversation: {
    load(): Promise<ConversationPage>;
    save(save: ConversationSave): Promise<z.infer<typeof ConversationSaved>>;
  },
): Promise<string> {
  let found = ifGeneration;
  for (let attempt = 1; ; attempt++) {
    try {
      return (await conversation.save({ state, ifGeneration: found })).generation;
    } catch (error) {
      if (!(error instanceof GatewayCallError && error.status === 412)) throw error;
      const stored = await conversation.load();
      const { epoch, savedAt } = stored.state ?? { epoch: 0 };
      if (epoch > state.epoch) throw new FencedError(error);
      // An answer may have been lost on its way: then the conflict is with this very save.
      if (stored.generation !== null && epoch === state.epoch && savedAt === state.savedAt) return stored.generation;
      if (attempt === SAVE_ATTEMPTS) throw error;
      found = stored.generation;
    }
  }
}

interface Call {
  method: string;
  body?: unknown;
  token?: Secret;
  signal: AbortSignal;
  timeoutMs?: number | undefined;
}

/** One call, with its answer read. @throws AppError */
export async function send<Schema extends z.ZodType>(
  schema: Schema,
  url: string,
  call: Call,
): Promise<z.infer<Schema>> {
  const { method, body, token, signal, timeoutMs = CALL_TIMEOUT_MS } = call;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return schema.parse(JSON.parse(text));
}

function refusal(status: number, text: string): AppError {
  const { code, message } = errorIn(text) ?? { code: `${UNTOLD}${status}`, message: `the gateway answered ${status}` };
  return code === "fenced" ? new FencedError() : new GatewayCallError(status, code, message);
}

function errorIn(text: string): { code: string; message: string } | undefined {
  try {
    return GatewayError.parse(JSON.parse(text)).error;
  } catch {
    return undefined; // not the gateway itself, but something in front of it
  }
}

/** Tries again while the failure is one that passes, with growing pauses. */
export async function withPatience<T>(
  act: () => Promise<T>,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = Math.min(100 * 2 ** attempt, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
      if (!isPassing(error)) throw error;
      if (performance.now() + pauseMs > giveUpAt) throw unreachable(error);
      await pause(pauseMs, undefined, { signal });
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof AppError) return error.retryable;
  // What fetch throws when nothing answers, and when the time is up.
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

function unreachable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError(`the gateway cannot be reached: ${messageOf(error)}`, {
    code: "gateway-unreachable",
    cause: error,
  });
}

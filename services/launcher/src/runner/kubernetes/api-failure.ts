import { ApiException } from "@kubernetes/client-node";
import { z } from "zod";
import { RunnerFailure } from "../session-runner.ts";

/** What the API server answered instead of doing it. */
export interface ApiFailure {
  /** HTTP status. */
  code: number;
  /** Such as AlreadyExists; of the Status document, empty when the answer was none. */
  reason: string;
  message: string;
  /** How long the server wants to be left alone, in milliseconds. */
  retryAfterMs: number;
}

/** However long a server asks for: somebody waits. */
const MOST_PATIENCE_MS = 30_000;

const Status = z.object({ reason: z.string().optional(), message: z.string().optional() });

/** Reads a refusal of the API server; `undefined` for anything else, such as a connection that failed. */
export function apiFailureOf(error: unknown): ApiFailure | undefined {
  if (!(error instanceof ApiException)) return undefined;
  const { reason = "", message = "" } = Status.safeParse(documentOf(error.body)).data ?? {};
  return {
    code: error.code,
    reason,
    message: message || `the API server answered ${error.code}`,
    retryAfterMs: retryAfterOf(error.headers),
  };
}

/** Kubernetes names seconds. */
function retryAfterOf(headers: Readonly<Record<string, string>>): number {
  const entry = Object.entries(headers).find(([name]) => name.toLowerCase() === "retry-after");
  const seconds = Number(entry?.[1] ?? 0);
  return Number.isFinite(seconds) ? Math.min(MOST_PATIENCE_MS, Math.max(0, seconds * 1_000)) : 0;
}

/** The generated client leaves the body of an error a text. */
function documentOf(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // a proxy's page, say
  }
}

/** True for what may pass by itself: throttling, two at the same quota, trouble inside the server, a broken connection. */
export function isPassing(error: unknown): boolean {
  const failure = apiFailureOf(error);
  if (failure === undefined) return error instanceof TypeError || isTimeout(error);
  return failure.code === 429 || failure.code >= 500 || failure.reason === "Conflict";
}

/** A Job that was refused for good, as the launcher understands it; what may pass by itself is left as it is. */
export function refusalOf(error: unknown): unknown {
  const failure = apiFailureOf(error);
  if (failure === undefined || isPassing(error)) return error;
  const reason = isQuotaMessage(failure.message) ? "quota-refused" : "could-not-start";
  return new RunnerFailure(`Kubernetes refused the run: ${failure.message}`, { reason, cause: error });
}

/** The admission plugin's own words, in a refusal as well as in the event of a Job that gets no pod. */
export function isQuotaMessage(message: string): boolean {
  return /exceeded quota/i.test(message);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

import { RunTokenError } from "@peerbot/contracts";
import { GitHostError } from "@peerbot/git-host";
import { AppError } from "@peerbot/runtime";
import { ZodError } from "zod";
import { GatewayFailure } from "./gateway-failure.ts";

/** A failure as the worker is told it: status, stable code, one sentence, and what to do next. */
export interface ToldFailure {
  status: number;
  code: string;
  message: string;
  hint?: string;
  retryAfterSeconds?: number;
  /** `bug`: nobody expected it. `behind`: something behind the gateway failed. `caller`: the worker's own doing. */
  blame: "bug" | "behind" | "caller";
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  "conversation-conflict": 412,
  "repository-deleted": 404,
  "repository-archived": 422,
  "branch-missing": 422,
  "nothing-to-merge": 422,
};

/** Decides what a worker is told about anything that was thrown; of an unexpected error it learns nothing. */
export function toldFailure(error: unknown, { isRedisAway }: { isRedisAway: boolean }): ToldFailure {
  if (error instanceof GatewayFailure) return told(error.status, error);
  if (error instanceof RunTokenError) return told(401, error);
  if (error instanceof ZodError) return told(400, { code: "bad-request", message: fieldsOf(error) });
  if (error instanceof AppError) return { ...told(statusOf(error), error), ...adviceIn(error) };
  const parserStatus = statusOfParser(error);
  if (parserStatus !== undefined && error instanceof Error) {
    return told(parserStatus, { code: parserStatus === 413 ? "too-large" : "bad-request", message: error.message });
  }
  if (isRedisAway || isRedisMissed(error))
    return told(503, { code: "redis-away", message: "Redis does not answer; try again" });
  return { ...told(500, { code: "internal", message: "the gateway failed unexpectedly" }), blame: "bug" };
}

/** ioredis has no error class of its own for a server that did not answer; its connection may look whole all the while. */
function isRedisMissed(error: unknown): boolean {
  return error instanceof Error && error.message === "Command timed out";
}

function told(status: number, { code, message }: { code: string; message: string }): ToldFailure {
  return { status, code, message, blame: status >= 500 ? "behind" : "caller" };
}

function statusOf({ code, retryable }: AppError): number {
  return STATUS_BY_CODE[code] ?? (retryable ? 503 : 502);
}

function adviceIn(error: AppError): Pick<ToldFailure, "hint" | "retryAfterSeconds"> {
  if (!(error instanceof GitHostError)) return {};
  const { hint, retryAfterSeconds } = error;
  return retryAfterSeconds === undefined ? { hint } : { hint, retryAfterSeconds };
}

/** The failure in one line of text, for those who read no fields. */
export function inWords({ message, hint }: ToldFailure): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

function fieldsOf(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`).join("; ");
}

/** Fastify's own refusals (JSON that does not parse, a body too large) carry a client error's status. */
function statusOfParser(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number") return undefined;
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined;
}

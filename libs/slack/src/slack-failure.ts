import { messageOf } from "@peerbot/runtime";
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from "@slack/web-api";

/**
 * What became of a failed call. `rate-limited`: nothing happened, wait. `refused`: nothing happened, and the same call
 * would be refused again. `unwell`: Slack says it failed, and may do it later. `unknown`: it may or may not have
 * happened; `isOver` when Slack answered, so that it does not happen later than the answer.
 */
export type SlackFailure =
  | { kind: "rate-limited"; retryAfterMs: number }
  | { kind: "refused"; code: string }
  | { kind: "unwell"; code: string }
  | { kind: "unknown"; reason: string; isOver: boolean };

const UNWELL = new Set([
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
  "accesslimited",
  // The token is checked before anything else is done; an operator has to put it right.
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
]);

/** Somebody on the way answered for Slack, which may still be at it. */
const GAVE_UP_WAITING = new Set([408, 502, 504]);

const DEFAULT_RETRY_AFTER_MS = 3_000;

/** Classifies what a call of the Web API client threw. */
export function slackFailureOf(error: unknown): SlackFailure {
  if (error instanceof WebAPIRateLimitedError) return { kind: "rate-limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) return platformFailure(error.data.error);
  if (error instanceof WebAPIHTTPError) {
    return { kind: "unknown", reason: `http-${error.statusCode}`, isOver: !GAVE_UP_WAITING.has(error.statusCode) };
  }
  if (error instanceof WebAPIRequestError) return { kind: "unknown", reason: error.original.message, isOver: false };
  // A 429 without Retry-After is a plain Error in this client.
  const reason = messageOf(error);
  if (reason.startsWith("Retry header did not contain")) {
    return { kind: "rate-limited", retryAfterMs: DEFAULT_RETRY_AFTER_MS };
  }
  return { kind: "unknown", reason, isOver: false };
}

function platformFailure(code: string): SlackFailure {
  if (code === "ratelimited" || code === "rate_limited") {
    return { kind: "rate-limited", retryAfterMs: DEFAULT_RETRY_AFTER_MS };
  }
  // Slack documents that these may have had part of their effect.
  if (code === "internal_error" || code === "fatal_error") return { kind: "unknown", reason: code, isOver: true };
  return { kind: UNWELL.has(code) ? "unwell" : "refused", code };
}

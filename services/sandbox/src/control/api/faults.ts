import { z } from "zod";

// POST, GET, DELETE /sandbox/faults

export const StandInName = z.enum(["slack", "github", "claude", "gcs"]);
export type StandInName = z.infer<typeof StandInName>;

export const FaultKind = z.enum([
  "error", // ok:false with `error`; Slack only
  "status", // answered with `status`, nothing happened; not Slack
  "429", // with Retry-After
  "429-without-header", // Slack only
  "500", // nothing happened
  "500-after-effect", // it happened, the answer is lost (Claude: the stream breaks with an error)
  "timeout", // never answered, nothing happened
  "disconnect", // connection cut, nothing happened
]);
export type FaultKind = z.infer<typeof FaultKind>;

/**
 * Makes the next `count` requests to a stand-in fail: of any kind, or of the one that `method`, `match` or `sessionKey`
 * names. Faults are used up in the order they were given.
 */
export const InjectFault = z.strictObject({
  standIn: StandInName.default("slack"),
  method: z.string().optional().describe("Slack: a method such as chat.postMessage."),
  match: z.string().optional().describe("GitHub and GCS: part of `METHOD /path?query`."),
  sessionKey: z.string().optional().describe("Claude: requests of this session alone."),
  status: z.number().int().min(400).max(599).default(500).describe("For `status`."),
  cutAfterMs: z.number().int().min(0).max(600_000).optional().describe("For `timeout`: the connection is cut then."),
  kind: FaultKind,
  error: z.string().optional().describe("For `error`: the code, such as missing_scope. Default internal_error."),
  count: z.number().int().min(1).max(1000).default(1),
  retryAfterSeconds: z.number().int().min(0).max(3600).default(1),
});
export type InjectFault = z.input<typeof InjectFault>;

/** Those that wait for their request: Slack's, and how many of each stand-in. */
export const Faults = z.object({ faults: z.array(InjectFault), pending: z.record(StandInName, z.number()) });
export type Faults = z.infer<typeof Faults>;

/** POST /sandbox/socket-disconnects: ends every Socket Mode connection, politely or not. */
export const DisconnectSockets = z.strictObject({
  reason: z.enum(["refresh_requested", "warning", "link_disabled", "abrupt"]).default("refresh_requested"),
});
export type DisconnectSockets = z.input<typeof DisconnectSockets>;

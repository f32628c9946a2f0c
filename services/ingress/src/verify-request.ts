import { createHmac, timingSafeEqual } from "node:crypto";

export interface SignedRequest {
  signingSecret: string;
  /** Header `x-slack-request-timestamp`: seconds since 1970. */
  timestamp: string | undefined;
  /** Header `x-slack-signature`. */
  signature: string | undefined;
  /** The body as it came, before any parsing. */
  rawBody: Uint8Array;
  /** Milliseconds since 1970. */
  now: number;
}

/** How far a request's time may be from ours, in either direction. */
const TOLERANCE_SECONDS = 5 * 60;

/** Whether Slack sent this now: `stale` is properly dated but too old or from the future, so possibly a replay. */
export function verifyRequest(request: SignedRequest): "authentic" | "unsigned" | "stale" | "forged" {
  const { signingSecret, timestamp, signature, rawBody, now } = request;
  if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp)) return "unsigned";
  const expected = signatureOf(signingSecret, timestamp, rawBody);
  if (!isSame(signature, expected)) return "forged";
  return Math.abs(now / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS ? "authentic" : "stale";
}

/** Slack's signature, version 0, of a body sent at `timestamp`. */
export function signatureOf(signingSecret: string, timestamp: string, rawBody: Uint8Array | string): string {
  return `v0=${createHmac("sha256", signingSecret).update(`v0:${timestamp}:`).update(rawBody).digest("hex")}`;
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

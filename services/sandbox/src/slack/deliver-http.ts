import { createHmac } from "node:crypto";
import type { Outcome, Push, Retry, Transport } from "./transport.ts";

export interface HttpTransportOptions {
  /** Where the app listens for events, interactivity and commands. */
  url: string;
  signingSecret: string;
  /** How long the app may take, in milliseconds; Slack gives it 3 s. */
  timeoutMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Signed requests as Slack sends them. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  return {
    async send(push, retry) {
      const { body, contentType } = encode(push);
      try {
        const response = await fetch(options.url, {
          method: "POST",
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(options.timeoutMs),
          headers: {
            "content-type": contentType,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            ...signatureHeaders(body, options),
            ...retryHeaders(retry),
          },
        });
        const answer = await response.text();
        return {
          status: response.status,
          isFinal: response.headers.get("x-slack-no-retry") === "1",
          reason: "http_error",
          body: parseIfJson(answer),
        };
      } catch (error) {
        return unreachable(error);
      }
    },
  };
}

/** `v0=` and the HMAC-SHA256 of version, timestamp (seconds) and raw body, in hex. */
export function signatureHeaders(
  body: string,
  { signingSecret, now }: Pick<HttpTransportOptions, "signingSecret" | "now">,
) {
  const timestamp = String(Math.floor(now() / 1000));
  const digest = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${digest}` };
}

function retryHeaders(retry: Retry | null): Record<string, string> {
  return retry === null ? {} : { "x-slack-retry-num": String(retry.attempt), "x-slack-retry-reason": retry.reason };
}

function encode({ kind, payload }: Push): { body: string; contentType: string } {
  if (kind === "events_api") return { body: JSON.stringify(payload), contentType: "application/json" };
  const form =
    kind === "interactive"
      ? new URLSearchParams({ payload: JSON.stringify(payload) })
      : new URLSearchParams(Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, String(value)])));
  return { body: form.toString(), contentType: "application/x-www-form-urlencoded" };
}

function parseIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unreachable(error: unknown): Outcome {
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  return { status: 0, isFinal: false, reason: isTimeout ? "http_timeout" : "connection_failed", body: null };
}

import { HttpRefusal } from "./http-refusal.ts";

/**
 * The payload of a request of Slack's: JSON for events, a form with JSON in `payload` for interactions, a plain form for
 * the rest.
 * @throws HttpRefusal (400) for anything else.
 */
export function parseBody(contentType: string | undefined, rawBody: Buffer): Record<string, unknown> {
  const text = rawBody.toString("utf8");
  if (!isForm(contentType)) return parseObject(text);
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : parseObject(payload);
}

/** Slack's check of our certificate: the only request that is not signed, and it does nothing. */
export function isSslCheck(contentType: string | undefined, rawBody: Buffer): boolean {
  return isForm(contentType) && new URLSearchParams(rawBody.toString("utf8")).get("ssl_check") === "1";
}

function isForm(contentType = ""): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(contentType);
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpRefusal(400, "malformed-body", "The body is not valid JSON.");
  }
  if (!isObject(value)) throw new HttpRefusal(400, "malformed-body", "The body is not a JSON object.");
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

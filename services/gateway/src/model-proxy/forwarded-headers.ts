import type { IncomingHttpHeaders } from "node:http";

type Headers = Record<string, string | string[]>;

/** What the Claude API needs to know of a request. Neither the worker's credential nor its encodings: we read the answer. */
const TO_API = [
  "accept",
  "anthropic-beta",
  "anthropic-version",
  "content-encoding",
  "content-length",
  "content-type",
  "user-agent",
  "x-app",
];

const FROM_API = ["cache-control", "content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"];
const FROM_API_PREFIX = "anthropic-ratelimit-";

/** Headers of the request as it leaves us, without the key. */
export function headersToApi(received: IncomingHttpHeaders): Headers {
  const kept = pick(received, (name) => TO_API.includes(name) || name.startsWith("x-stainless-"));
  return { ...kept, "accept-encoding": "identity" };
}

/** Headers of the answer as the worker gets it. */
export function headersToWorker(received: IncomingHttpHeaders): Headers {
  return pick(received, (name) => FROM_API.includes(name) || name.startsWith(FROM_API_PREFIX));
}

function pick(headers: IncomingHttpHeaders, isKept: (name: string) => boolean): Headers {
  const kept: Headers = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && isKept(name)) kept[name] = value;
  return kept;
}

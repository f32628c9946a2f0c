import type { ToldFailure } from "../told-failure.ts";

/** A failure in the shape of the Claude API's own errors, which is what the agent can read. */
export function anthropicError({ status, code, message }: ToldFailure) {
  return { type: "error", error: { type: typeOf(status), message: `Peerbot gateway: ${message} (${code})` } };
}

function typeOf(status: number): string {
  const types: Readonly<Record<number, string>> = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
  };
  return types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}

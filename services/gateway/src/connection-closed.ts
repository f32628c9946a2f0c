import type { ServerResponse } from "node:http";
import { callerGone } from "./gateway-failure.ts";

/** Aborts when the exchange is over: answered in full, or the worker went away before that. */
export function connectionClosed(response: ServerResponse): AbortSignal {
  const over = new AbortController();
  if (response.destroyed) over.abort(callerGone());
  else response.once("close", () => over.abort(callerGone()));
  return over.signal;
}

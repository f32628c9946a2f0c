import { AppError, type AppErrorOptions } from "@peerbot/runtime";

/** A refusal of the gateway's own, with the HTTP status it is told with. */
export class GatewayFailure extends AppError {
  readonly status: number;

  constructor(status: number, message: string, options: AppErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export function tokenMissing(): GatewayFailure {
  return new GatewayFailure(401, "this address needs the run's token", { code: "token-invalid" });
}

export function outOfScope(): GatewayFailure {
  return new GatewayFailure(403, "this token does not reach that far", { code: "token-scope" });
}

/** A newer run began, or this one has ended: whoever gets this must stop at once. */
export function fenced(): GatewayFailure {
  return new GatewayFailure(409, "this run is over: it has ended or a newer run of the session has begun", {
    code: "fenced",
  });
}

/** Another worker has the run. */
export function startTokenUsed(): GatewayFailure {
  return new GatewayFailure(409, "this start token has been used: another worker has the run", {
    code: "start-token-used",
  });
}

/** A worker that waits gets no run any more. */
export function standbyOver(): GatewayFailure {
  return new GatewayFailure(409, "no run will come for this worker any more", { code: "standby-over" });
}

export function badRequest(message: string): GatewayFailure {
  return new GatewayFailure(400, message, { code: "bad-request" });
}

export function tooLarge(maxBytes: number): GatewayFailure {
  return new GatewayFailure(413, `the request is larger than ${maxBytes} bytes`, { code: "too-large" });
}

/** Nobody is left to read it; 499 is what proxies write into their logs for that. */
export function callerGone(cause?: unknown): GatewayFailure {
  return new GatewayFailure(499, "the caller went away", { code: "caller-gone", cause });
}

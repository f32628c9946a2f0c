const REASONS: Readonly<Record<number, string>> = {
  400: "invalid",
  401: "authError",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  412: "conditionNotMet",
  416: "requestedRangeNotSatisfiable",
  429: "rateLimitExceeded",
  500: "backendError",
  502: "backendError",
  503: "backendError",
  504: "backendError",
};

/** An answer of the JSON API that is not a success. */
export class GcsError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "GcsError";
    this.status = status;
  }
}

export function gcsErrorBody(status: number, message = `Injected failure (${status}).`): unknown {
  const reason = REASONS[status] ?? "invalid";
  return { error: { code: status, message, errors: [{ message, domain: "global", reason }] } };
}

export const noSuchBucket = () => new GcsError(404, "The specified bucket does not exist.");
export const noSuchObject = (bucket: string, name: string) => new GcsError(404, `No such object: ${bucket}/${name}`);

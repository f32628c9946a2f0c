/** A refusal as the API server words it. */
export class KubernetesFailure extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The Status document of a refusal. */
export function statusBody(code: number, message?: string, reason?: string) {
  const known = reason ?? REASONS[code] ?? "Unknown";
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: message ?? `the server answered ${code} (${known})`,
    reason: known,
    code,
  };
}

export function notFound(resource: string, name: string): KubernetesFailure {
  return new KubernetesFailure(404, "NotFound", `${resource} "${name}" not found`);
}

export function invalid(kind: string, name: string, problems: readonly string[]): KubernetesFailure {
  const list = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
  return new KubernetesFailure(422, "Invalid", `${kind} "${name}" is invalid: ${list}`);
}

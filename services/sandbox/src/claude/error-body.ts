const TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};

const MESSAGES: Record<number, string> = {
  401: "invalid x-api-key",
  404: "Not found",
  429: "This request would exceed the rate limit of your account.",
  529: "Overloaded",
};

/** An error as the Messages API words it. */
export function errorBody(status: number, requestId: string, message?: string) {
  return {
    type: "error",
    error: {
      type: TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error"),
      message: message ?? MESSAGES[status] ?? (status < 500 ? "The request was refused." : "Internal server error"),
    },
    request_id: requestId,
  };
}

export interface GitHubErrorDetail {
  resource?: string;
  field?: string;
  code?: string;
  message?: string;
}

/** An answer of the REST API that is not a success. */
export class GitHubError extends Error {
  readonly status: number;
  readonly errors: GitHubErrorDetail[] | undefined;

  constructor(status: number, message: string, errors?: GitHubErrorDetail[]) {
    super(message);
    this.name = "GitHubError";
    this.status = status;
    this.errors = errors;
  }
}

const DOCUMENTATION = "https://docs.github.com/rest";

export function gitHubErrorBody(status: number, message = messageOfStatus(status), errors?: GitHubErrorDetail[]) {
  return { message, ...(errors && { errors }), documentation_url: DOCUMENTATION, status: String(status) };
}

export const notFound = () => new GitHubError(404, "Not Found");
export const invalid = (...errors: GitHubErrorDetail[]) => new GitHubError(422, "Validation Failed", errors);

function messageOfStatus(status: number): string {
  switch (status) {
    case 401:
      return "Bad credentials";
    case 403:
      return "Resource not accessible by personal access token";
    case 404:
      return "Not Found";
    case 429:
      return "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    default:
      return status >= 500 ? "Server Error" : "Bad Request";
  }
}

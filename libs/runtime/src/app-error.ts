export interface AppErrorOptions {
  /** Stable, for operators and for code that decides: `github-unauthorized`, `conversation-conflict`. */
  code: string;
  /** True when the same call may succeed later without anybody changing anything. */
  retryable?: boolean;
  cause?: unknown;
}

/** A failure we expected. Anything thrown that is not an `AppError` is a bug. */
export class AppError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(message: string, { code, retryable = false, cause }: AppErrorOptions) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

/** What a thrown thing says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { AppError } from "@peerbot/runtime";

/** Somebody else saved in between: load again before deciding what to do. */
export class ConversationConflictError extends AppError {
  constructor(path: string, options: { cause?: unknown } = {}) {
    super(`${path} was saved by somebody else in the meantime`, { code: "conversation-conflict", ...options });
  }
}

/** What is stored is damaged, of an unknown version or of another session. */
export class ConversationUnreadableError extends AppError {
  constructor(path: string, reason: string, options: { cause?: unknown } = {}) {
    super(
      `${path} cannot be read: ${reason}. Restore an older version of it, or remove it to start the session anew.`,
      {
        code: "conversation-unreadable",
        ...options,
      },
    );
  }
}

export type ConversationStoreProblem =
  /** Too busy, too slow or not reachable; the same call may work later. */
  | "conversation-store-unavailable"
  /** The credentials are missing or may not do this. */
  | "conversation-store-forbidden"
  /** The place for conversations does not exist. */
  | "conversation-bucket-missing"
  /** The store did not accept the call as it was. */
  | "conversation-store-refused";

/** The store could not do its work. */
export class ConversationStoreError extends AppError {
  constructor(message: string, { code, cause }: { code: ConversationStoreProblem; cause?: unknown }) {
    super(message, { code, retryable: code === "conversation-store-unavailable", cause });
  }
}

import { AppError, messageOf } from "@peerbot/runtime";
import { ConversationStoreError, type ConversationStoreProblem } from "./errors.ts";

const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The HTTP status GCS answered with; undefined when nothing was answered. */
export function statusOf(error: unknown): number | undefined {
  const code = error instanceof Error && "code" in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) ? code : undefined;
}

/** GCS says 404 for a missing object and for a missing bucket; only its words tell them apart. */
export function isObjectMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !isBucketMissing(error);
}

/** What went wrong in our terms; what we threw ourselves comes back as it is. */
export function toStoreError(error: unknown, bucket: string): AppError {
  if (error instanceof AppError) return error;
  const code = problemOf(error);
  const message = `${explanationOf(code, bucket)} (${messageOf(error)})`;
  return new ConversationStoreError(message, { code, cause: error });
}

function problemOf(error: unknown): ConversationStoreProblem {
  const status = statusOf(error);
  if (isBucketMissing(error)) return "conversation-bucket-missing";
  if (status === 401 || status === 403 || /default credentials|invalid_grant/.test(messageOf(error))) {
    return "conversation-store-forbidden";
  }
  // No status: the connection failed, the answer broke off or its checksum is wrong.
  if (status === undefined || PASSING_STATUS.has(status)) return "conversation-store-unavailable";
  return "conversation-store-refused";
}

function explanationOf(code: ConversationStoreProblem, bucket: string): string {
  switch (code) {
    case "conversation-store-unavailable":
      return "Google Cloud Storage does not answer as it should; try again later";
    case "conversation-store-forbidden":
      return `give the service's Google credentials the role Storage Object User on the bucket ${bucket}`;
    case "conversation-bucket-missing":
      return `the bucket ${bucket} does not exist; create it or correct GCS_BUCKET`;
    case "conversation-store-refused":
      return `Google Cloud Storage refused the call on the bucket ${bucket}`;
    default:
      return code satisfies never;
  }
}

function isBucketMissing(error: unknown): boolean {
  return statusOf(error) === 404 && /bucket does not exist/i.test(messageOf(error));
}

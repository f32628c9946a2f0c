import { createHash } from "node:crypto";

/** Tells whether two contents are the same. */
export function signatureOf(content: unknown): string {
  return createHash("sha1").update(JSON.stringify(content)).digest("base64url").slice(0, 16);
}

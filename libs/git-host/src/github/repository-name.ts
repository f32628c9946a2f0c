import { createHash } from "node:crypto";
import type { Person } from "@peerbot/contracts";

const MAX_SLUG_LENGTH = 40;

/**
 * Names a person's repository may have, the best first. Anybody may be called anything, so a name proves nothing: the
 * further ones are for when somebody else has the better one.
 */
export function repositoryNamesFor({ team, id, name }: Person): string[] {
  const slug = slugOf(name);
  const idSlug = slugOf(id);
  const hash = createHash("sha256").update(`${team}:${id}`).digest("hex").slice(0, 12);
  const parts = slug === "" ? [[idSlug], [idSlug, hash]] : [[slug], [slug, idSlug], [slug, idSlug, hash]];
  return parts.map((words) => ["user", ...words].filter(Boolean).join("-"));
}

/** Small Latin letters, digits and single hyphens; empty when nothing of the kind is in the text. */
export function slugOf(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/-+$/, "");
}

import type { Person } from "@peerbot/contracts";
import { GitHostError } from "../errors.ts";

type Identity = Pick<Person, "team" | "id">;

/**
 * The mark of whose repository it is, kept as its description: GitHub sets it in the same step that creates the
 * repository, and those who may push may not change it.
 */
export function ownershipMark({ team, id }: Identity): string {
  return `Peerbot workspace of Slack user ${id} in team ${team}`;
}

/** True when the description carries the person's mark, also among words somebody has added. */
export function isOwnedBy(description: string | null | undefined, { team, id }: Identity): boolean {
  const mark = /Peerbot workspace of Slack user ([A-Za-z0-9]+) in team ([A-Za-z0-9]+)/.exec(description ?? "");
  return mark?.[1] === id && mark[2] === team;
}

/** Ids go into the mark and into searches as they are. @throws GitHostError unless they are what Slack gives out. */
export function requireSlackIds({ team, id }: Identity): void {
  const isGiven = [team, id].every((part) => /^[A-Za-z0-9]{1,32}$/.test(part));
  if (isGiven) return;
  const message = `${JSON.stringify(id)} in ${JSON.stringify(team)} is not a Slack user and team`;
  throw new GitHostError(message, { code: "person-invalid" });
}

/** Before the first entry of any inbox. */
export const INBOX_START = "0-0";

/** Orders inbox ids (`milliseconds-number`, Redis stream ids); everything comes after nothing. */
export function isAfter(inboxId: string, other: string | undefined): boolean {
  if (other === undefined) return true;
  const [ms = 0, number = 0] = inboxId.split("-").map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split("-").map(Number);
  return ms > otherMs || (ms === otherMs && number > otherNumber);
}

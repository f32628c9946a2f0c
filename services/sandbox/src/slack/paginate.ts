import { SlackFailure } from "./slack-failure.ts";

/**
 * One page and the cursor of the next one; empty when there is none.
 * @throws SlackFailure invalid_cursor
 */
export function paginate<Item>(
  items: readonly Item[],
  { cursor, limit }: { cursor: string | undefined; limit: number },
): { items: Item[]; next: string } {
  const start = cursor === undefined || cursor === "" ? 0 : readCursor(cursor);
  const end = start + limit;
  return { items: items.slice(start, end), next: end < items.length ? writeCursor(end) : "" };
}

function writeCursor(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString("base64");
}

function readCursor(cursor: string): number {
  const match = /^offset:(\d+)$/.exec(Buffer.from(cursor, "base64").toString());
  if (match === null) throw new SlackFailure("invalid_cursor");
  return Number(match[1]);
}

/** What keeps an event loop alive and belongs to somebody: the kinds as `process.getActiveResourcesInfo` calls them. */
const OWNED_KINDS: Readonly<Record<string, string>> = {
  ProcessWrap: "child process",
  TCPServerWrap: "TCP server",
  TCPSocketWrap: "TCP connection",
  TLSWrap: "TLS connection",
};

export type ResourceCounts = ReadonlyMap<string, number>;

/** Counts the child processes, servers and connections that would keep this process alive now. */
export function countResources(kinds: readonly string[] = process.getActiveResourcesInfo()): ResourceCounts {
  const counts = new Map<string, number>();
  for (const kind of kinds) {
    const name = OWNED_KINDS[kind];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** What there is more of than before, as words: `1 child process, 2 TCP servers`. Empty when nothing is left over. */
export function describeLeftover(before: ResourceCounts, after: ResourceCounts): string {
  return [...after]
    .map(([name, count]) => ({ name, count: count - (before.get(name) ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${count === 1 ? name : plural(name)}`)
    .join(", ");
}

function plural(name: string): string {
  return name.endsWith("s") ? `${name}es` : `${name}s`;
}

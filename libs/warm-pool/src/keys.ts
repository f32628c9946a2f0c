/** The pool's Redis keys. The braces keep all of them on one slot of a Redis Cluster: the scripts touch several at once. */
export function warmPoolKeys(prefix: string) {
  const base = `${prefix}:{warm}`;
  return {
    /** What the launchers in charge want; it lapses with them. */
    plan: `${base}:plan`,
    /** Hash of members by name. */
    members: `${base}:members`,
    /** Hash of runs by name: which worker each has. */
    decisions: `${base}:decisions`,
    /** Pub/sub channel: the name of a member with which something happened. */
    news: `${base}:news`,
  };
}

/** Pure: the page's messages, keyed by place, with whole-message replacement as the sandbox sends it. */

const idOf = (message) => `${message.channel} ${message.ts} ${message.ephemeralTo ?? ""}`;

export function withMessages(known, messages) {
  const next = new Map(known);
  for (const message of messages) next.set(idOf(message), message);
  return next;
}

export function withItem(known, item) {
  if (item.type === "message" || item.type === "ephemeral") return withMessages(known, [item.message]);
  if (item.type === "deleted") {
    const next = new Map(known);
    next.delete(`${item.channel} ${item.ts} `);
    return next;
  }
  return known;
}

const byTime = (a, b) => a.ts.localeCompare(b.ts);
const isFor = (me) => (message) => message.ephemeralTo === null || message.ephemeralTo === me;

/** Root messages of a channel, oldest first. */
export function rootsOf(known, channel, me) {
  return [...known.values()]
    .filter((message) => message.channel === channel && message.threadTs === null)
    .filter(isFor(me))
    .sort(byTime);
}

/** A thread: its root, then its replies, oldest first. */
export function threadOf(known, channel, ts, me) {
  return [...known.values()]
    .filter((message) => message.channel === channel && (message.ts === ts || message.threadTs === ts))
    .filter(isFor(me))
    .sort(byTime);
}

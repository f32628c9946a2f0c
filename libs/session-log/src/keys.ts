import type { SessionKey } from "@peerbot/contracts";

/**
 * Redis keys of one session. The braces are a hash tag: Redis Cluster keeps everything of a session on one slot, so a
 * script may touch several of these keys at once.
 */
export function sessionKeys(prefix: string, key: SessionKey) {
  const base = `${prefix}:{${key}}`;
  return {
    session: `${base}:session`,
    inbox: `${base}:inbox`,
    events: `${base}:events`,
    sequence: `${base}:seq`,
    run: `${base}:run`,
    toldWait: `${base}:told-wait`,
    seen: (identity: string) => `${base}:seen:${identity}`,
  };
}

/** Keys that span sessions. */
export function sharedKeys(prefix: string) {
  return {
    /** Pub/sub channel: which session has something new. */
    activity: `${prefix}:activity`,
    /** Sorted set of sessions whose thread may lack something, by the time of their last event. */
    activeThreads: `${prefix}:active-threads`,
    /** Sorted set of sessions with a live run, by the time it began. */
    liveRuns: `${prefix}:live-runs`,
    /** Sorted set of sessions that may have messages no run has dealt with, by the time of the last one. */
    unsettled: `${prefix}:unsettled`,
  };
}

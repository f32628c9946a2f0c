import type { SessionKey, ThreadAddress } from "@peerbot/contracts";
import type { SessionEvents, SessionInbox, SessionRuns } from "@peerbot/session-log";
import type { Pacer } from "@peerbot/slack";
import type { StreamerLog } from "../log-events.ts";
import type { StreamerMetrics } from "../metrics.ts";
import type { SentThread } from "../plan/sent-thread.ts";
import type { ThreadView } from "../view/thread-view.ts";
import type { Bell } from "./bell.ts";
import type { SlackCalls } from "./slack-calls.ts";
import type { SlackFeatures } from "./slack-features.ts";
import type { ThreadStore } from "./thread-store.ts";

/** What showing a thread needs. */
export interface ThreadPorts {
  events: Pick<SessionEvents, "read" | "trim">;
  runs: Pick<SessionRuns, "current">;
  inbox: Pick<SessionInbox, "session">;
  store: ThreadStore;
  slack: SlackCalls;
  pacer: Pacer;
  features: SlackFeatures;
  metrics: StreamerMetrics;
  log: StreamerLog;
  timing: ThreadTiming;
}

/** All in milliseconds. */
export interface ThreadTiming {
  /** A stream is ended after this and continued in a new message. */
  streamLifetimeMs: number;
  /** Progress of one thread is shown at most this often. */
  progressIntervalMs: number;
  /** Rest after a first failure; doubled by each further one. */
  firstRetryMs: number;
  /** No call takes longer. */
  longestCallMs: number;
  /** Slack may still carry a call out this long after we have stopped waiting for its answer. */
  lateEffectMs: number;
}

/** Faster than this nobody reads, and it leaves turns to other threads. */
export const PROGRESS_INTERVAL_MS = 800;
export const FIRST_RETRY_MS = 1_000;
export const LATE_EFFECT_MS = 3_000;

/** One owner's time with one thread. */
export interface ThreadTurn {
  key: SessionKey;
  /** Of the lease under which the thread is written. */
  token: string;
  /** False when the lease may have run out while this process stood still. */
  isHeld: () => boolean;
  /** Rings when there may be something new. */
  bell: Bell;
  signal: AbortSignal;
  /** Tells whether the thread lacks something now. */
  onBehind: (isBehind: boolean) => void;
}

/** A thread as its owner knows it: what there is to show, and what Slack was told. */
export interface OwnedThread extends ThreadTurn {
  thread: ThreadAddress;
  view: ThreadView;
  sent: SentThread;
  /** How long to rest after the next failure, in milliseconds. */
  retryMs: number;
}

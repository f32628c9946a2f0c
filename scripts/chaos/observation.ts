import type { PullRequests, Pushes, SessionStatus, ThreadMessage } from "@peerbot/sandbox/control";
import type { Marker } from "./request-text.ts";

/** Something a person asked for, and what they may expect of it. */
export interface AskedRequest {
  marker: Marker;
  /** Slack timestamp of the message that says it (also of one that was edited to say it). */
  ts: string;
  /** `due`: must be answered. `optional`: it was stopped, or its text replaced, while nobody had answered it yet. */
  expectation: "due" | "optional";
}

export interface ObservedThread {
  sessionKey: string;
  channel: string;
  threadTs: string;
  asked: readonly AskedRequest[];
  /** Root and replies by time, as people see them. */
  messages: readonly Pick<
    ThreadMessage,
    "ts" | "isBot" | "ephemeralTo" | "text" | "blocks" | "markdown" | "stream" | "metadata" | "reactions"
  >[];
  status: SessionStatus["status"];
  /** Files on the session's branch; undefined when there is no pull request to read them from. */
  files: readonly string[] | undefined;
}

/** What should be gone once everything is quiet, as words. */
export interface Leftovers {
  processes: readonly string[];
  runFolders: readonly string[];
  /** BullMQ jobs that wait, are in work or have failed for good. */
  jobs: readonly string[];
  /** Redis keys of leases, deduplication and live runs. */
  keys: readonly string[];
  /** Inbox entries no run has dealt with. */
  unsettled: readonly string[];
}

/** A replica that was asked to stop and had to be ended, and how often. */
export interface OverdueStop {
  replica: string;
  times: number;
}

/** Everything there is to see from outside once nothing moves any more. */
export interface Observation {
  /** False when things still moved at the end of the patience. */
  isQuiet: boolean;
  threads: readonly ObservedThread[];
  pushes: Pushes["pushes"];
  pullRequests: PullRequests["pullRequests"];
  leftovers: Leftovers;
  overdueStops: readonly OverdueStop[];
}

/** A promise that was broken. */
export interface Violation {
  promise:
    | "answered"
    | "answered-once"
    | "nothing-missing"
    | "nothing-doubled"
    | "one-opening"
    | "one-closing"
    | "final-state"
    | "no-working-state"
    | "one-branch"
    | "one-pull-request"
    | "pushed-once"
    | "work-survives"
    | "nothing-left-behind"
    | "stops-in-time"
    | "becomes-quiet";
  /** Where to look: channel and timestamp of the thread, or the place outside Slack. */
  where: string;
  evidence: string;
}

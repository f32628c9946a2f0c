import type { FaultPoint } from "@peerbot/runtime";
import type { ChaosRequest } from "./plan-chaos.ts";

/** The mechanisms that can be taken out, one at a time, to see that somebody would notice. */
export const MECHANISMS = ["fencing", "read-back", "dedupe", "cursor"] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** One change of the source. */
export interface Edit {
  file: string;
  /** Stands there exactly `times` times, once unless told. */
  text: string;
  replacement: string;
  times?: number;
}

export interface Mutation {
  edits: readonly Edit[];
  /** The faults this mechanism is there for: among all others they would be rare in a short run. */
  weights?: NonNullable<ChaosRequest["weights"]>;
  points?: readonly FaultPoint[];
}

const RUN_SCRIPTS = "libs/session-log/src/run-scripts.ts";
const LIVE_OR_FENCED =
  "if redis.call('HGET', run, 'epoch') ~= epoch or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end\n";
const FINISH_ARGUMENTS = "inbox_after, is_forced, outcome = unpack(ARGV)\n";

export const MUTATIONS: Readonly<Record<Mechanism, Mutation>> = {
  // Whoever holds a token may write, however old the run it was made for.
  fencing: {
    edits: [
      { file: RUN_SCRIPTS, text: LIVE_OR_FENCED, replacement: "", times: 3 },
      {
        file: RUN_SCRIPTS,
        text: `${FINISH_ARGUMENTS}if redis.call('HGET', run, 'epoch') ~= epoch then return 'fenced' end\n`,
        replacement: FINISH_ARGUMENTS,
      },
      {
        file: "libs/session-log/src/runs.ts",
        text: 'return storedEpoch === String(epoch) && state === "live" ? "live" : "fenced";',
        replacement: 'return "live";',
      },
      {
        file: "services/gateway/src/authenticate.ts",
        text: 'if (run === undefined || run.epoch !== epoch || run.state !== "live") throw fenced();',
        replacement: "if (run === undefined || epoch === 0) throw fenced();",
      },
    ],
    weights: { "lose-worker": 1 },
  },
  // What may or may not have been posted is posted.
  "read-back": {
    edits: [
      {
        file: "services/streamer/src/thread/take-step.ts",
        text: "const found = await findInThread(ports.slack, { thread, post, told, isStream });",
        replacement: "const found = { ok: true as const, ts: undefined };",
      },
    ],
    weights: { point: 1 },
    points: ["streamer.after-post"],
  },
  // Whatever Slack delivers is a message.
  dedupe: {
    edits: [
      {
        file: "libs/session-log/src/inbox.ts",
        text: "if known then return 'duplicate' end\n",
        replacement: "",
      },
    ],
    weights: { "kill-worker": 1 },
  },
  // A streamer that takes over shows everything from the beginning.
  cursor: {
    edits: [
      {
        file: "services/streamer/src/thread/thread-store.ts",
        text: "const view = fields.view === undefined ? EMPTY_VIEW : ThreadView.parse(JSON.parse(fields.view));",
        replacement: "const view = EMPTY_VIEW;",
      },
      {
        file: "services/streamer/src/thread/thread-store.ts",
        text: "const sent = fields.sent === undefined ? NOTHING_SENT : SentThread.parse(JSON.parse(fields.sent));",
        replacement: "const sent = NOTHING_SENT;",
      },
    ],
    weights: { point: 1 },
    points: ["streamer.after-post", "streamer.after-append"],
  },
};

/** A file's source without the mechanism. @throws when the source is no longer what the edit was written for */
export function applyEdit(source: string, { file, text, replacement, times = 1 }: Edit): string {
  const parts = source.split(text);
  if (parts.length - 1 !== times) {
    throw new Error(`${file} has ${parts.length - 1} times, not ${times} times: ${text.trim()}`);
  }
  return parts.join(replacement);
}

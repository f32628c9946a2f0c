import type { ThreadId } from "./belongs-to-thread.ts";
import { SandboxAwayError, type SandboxClient } from "./sandbox-client.ts";
import { applyItem, type Closing, closingsOf, refusalIn, type ThreadView, viewOf } from "./thread-view.ts";

export type FollowEnd =
  | { state: "closed"; view: ThreadView; closing: Closing }
  | { state: "refused"; view: ThreadView; reason: string }
  | { state: "timeout"; view: ThreadView };

export interface FollowOptions {
  client: SandboxClient;
  thread: ThreadId;
  /** `ts` of the message whose effect is followed. */
  askedTs: string;
  /** Closing messages that were there before, by `ts`. */
  knownClosings: ReadonlySet<string>;
  timeoutMs: number;
  onView: (view: ThreadView) => void;
}

const RECONNECT_MS = 300;
const AWAY_LIMIT_MS = 10_000;

/**
 * Follows a thread until a run closes in it.
 * @throws SandboxAwayError when the sandbox stays away for longer than 10 s.
 */
export async function followThread(options: FollowOptions): Promise<FollowEnd> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const tracker: Tracker = { view: { messages: [], session: null } };
  let awaySince: number | undefined;
  for (;;) {
    try {
      const end = await followOnce(options, tracker, timeout, () => {
        awaySince = undefined;
      });
      if (end !== undefined) return end;
    } catch (error) {
      if (timeout.aborted) return { state: "timeout", view: tracker.view };
      awaySince ??= performance.now();
      const isFor = performance.now() - awaySince;
      if (isFor > AWAY_LIMIT_MS) throw error instanceof SandboxAwayError ? error : new SandboxAwayError(String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

interface Tracker {
  view: ThreadView;
}

/** One connection. Subscribes before it reads the thread, so that no change falls between the two. */
async function followOnce(
  options: FollowOptions,
  tracker: Tracker,
  timeout: AbortSignal,
  onConnected: () => void,
): Promise<FollowEnd | undefined> {
  const leaving = new AbortController();
  try {
    const items = await options.client.follow(options.thread, AbortSignal.any([timeout, leaving.signal]));
    let end = show(options, tracker, viewOf(await options.client.thread(options.thread)));
    if (end !== undefined) return end;
    onConnected();
    for await (const item of items) {
      end = show(options, tracker, applyItem(tracker.view, item));
      if (end !== undefined) return end;
    }
    return undefined;
  } finally {
    leaving.abort();
  }
}

function show(options: FollowOptions, tracker: Tracker, view: ThreadView): FollowEnd | undefined {
  tracker.view = view;
  options.onView(view);
  const closing = closingsOf(view).find(({ ts }) => !options.knownClosings.has(ts));
  if (closing !== undefined) return { state: "closed", view, closing };
  const reason = refusalIn(view, options.askedTs);
  return reason === undefined ? undefined : { state: "refused", view, reason };
}

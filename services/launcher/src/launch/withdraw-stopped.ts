import type { SessionKey } from "@peerbot/contracts";
import type { SessionInbox } from "@peerbot/session-log";
import type { SessionQueue } from "@peerbot/session-queue";
import { type BeginRunPorts, cancelWork } from "./begin-run.ts";
import { decideNext } from "./decide-next.ts";
import { enqueuePending } from "./enqueue-pending.ts";

export interface WithdrawPorts extends BeginRunPorts {
  inbox: Pick<SessionInbox, "session" | "pending" | "entriesAfter">;
  queue: Pick<SessionQueue, "hurry" | "withdraw" | "enqueue">;
}

/**
 * Cancels what somebody stopped while it waited, without a turn of its own: whoever withdraws a request is not to wait
 * for a free slot first. Does nothing for a session that was not stopped or whose run has begun.
 */
export async function withdrawStopped(key: SessionKey, ports: WithdrawPorts): Promise<void> {
  const { inbox, queue, runs } = ports;
  const session = await inbox.session(key);
  if (session === undefined) return;
  const next = decideNext({ session, run: await runs.current(key), pending: await inbox.pending(key) });
  if (next.kind !== "cancel") return;
  await cancelWork(session, next, ports);
  await queue.withdraw(key);
  // A message that came just now was told to the job that is gone.
  await enqueuePending(key, ports);
}

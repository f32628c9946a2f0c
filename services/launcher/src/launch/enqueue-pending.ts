import type { SessionKey } from "@peerbot/contracts";
import type { SessionInbox } from "@peerbot/session-log";
import type { SessionQueue } from "@peerbot/session-queue";

/** Sees that a session whose messages nothing has dealt with has a job, on the turn of the person who wrote the first. */
export async function enqueuePending(
  key: SessionKey,
  { inbox, queue }: { inbox: Pick<SessionInbox, "session" | "pending">; queue: Pick<SessionQueue, "enqueue"> },
): Promise<void> {
  const [first] = await inbox.pending(key);
  if (first === undefined) return;
  const team = (await inbox.session(key))?.thread.team ?? "";
  await queue.enqueue(key, { person: { team, user: first.message.user } });
}

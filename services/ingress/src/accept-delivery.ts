import { type InboxMessage, type SessionKey, sessionKeyOf } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import { INBOX_START, type SessionInbox } from "@peerbot/session-log";
import type { NoticeQueue, SessionQueue } from "@peerbot/session-queue";
import type { AdmissionPolicy } from "./admit.ts";
import { asFirstHeard, decide, type Facts, inboxMessageOf } from "./decide.ts";
import type { Delivery, Outcome } from "./delivery.ts";
import type { LookupQueue } from "./lookup-queue.ts";

export interface AcceptPorts {
  inbox: Pick<SessionInbox, "accept" | "session" | "entriesAfter">;
  queue: Pick<SessionQueue, "enqueue" | "hurry">;
  notices: Pick<NoticeQueue, "add">;
  lookups: Pick<LookupQueue, "add" | "isForeign">;
  policy: AdmissionPolicy;
}

/** A thread as Slack itself showed it: we have answered in it, and these people have written in it. */
export interface FoundThread {
  people: readonly string[];
  /** Whom its session works for. */
  owner?: string | undefined;
}

/**
 * Decides on a delivery and makes the decision durable: when this resolves, nothing of it is in memory only.
 * @throws when Redis did not take it; the same delivery may then come again, also after part of the work was done.
 */
export async function acceptDelivery(
  ports: AcceptPorts,
  { delivery: given, eventId, found }: { delivery: Delivery; eventId?: string | undefined; found?: FoundThread },
): Promise<Outcome> {
  const session = sessionKeyOf(given.thread);
  const facts = await gatherFacts(ports, given, session, found);
  const delivery = asFirstHeard(given, facts, Date.now());
  const decision = decide(delivery, facts, ports.policy);
  switch (decision.to) {
    case "accept": {
      const owner = found?.owner;
      const result = await store(ports, delivery, { eventId, session, owner });
      // The message came in just now, between the look and the write: so it is an edit after all.
      const isOvertaken = delivery !== given && result === "duplicate";
      if (!isOvertaken) return { result, session };
      return { result: await store(ports, given, { eventId: undefined, session, owner }), session };
    }
    case "look-up":
      await ports.lookups.add({ v: 1, delivery, eventId });
      return { result: "deferred", reason: "thread-unknown", session };
    case "refuse": {
      const { reason, noticeId, detail, option } = decision;
      await ports.notices.add({ v: 1, id: noticeId, thread: delivery.thread, user: delivery.user, reason, option });
      return { result: "refused", reason: detail ?? reason, session };
    }
    case "ignore":
      return { result: "ignored", reason: decision.reason };
    default:
      return decision satisfies never;
  }
}

async function store(
  { inbox, queue }: AcceptPorts,
  delivery: Delivery,
  { eventId, session, owner }: { eventId: string | undefined; session: SessionKey; owner: string | undefined },
): Promise<"accepted" | "duplicate"> {
  const message = inboxMessageOf(delivery, Date.now());
  await faultPoint("ingress.before-inbox-write");
  const result = await inbox.accept(delivery.thread, message, eventId, owner);
  await faultPoint("ingress.after-inbox-write");
  // Also for a duplicate: the first delivery may have died between the inbox and here.
  await queue.enqueue(session, { person: { team: delivery.thread.team, user: message.user } });
  if (message.kind === "stop") await queue.hurry(session);
  await faultPoint("ingress.after-enqueue");
  return result;
}

async function gatherFacts(
  { inbox, lookups }: AcceptPorts,
  delivery: Delivery,
  session: SessionKey,
  found: FoundThread | undefined,
): Promise<Facts> {
  if ((await inbox.session(session)) === undefined) {
    const standing = found !== undefined ? "ours" : (await lookups.isForeign(session)) ? "foreign" : "unknown";
    return { standing, people: found?.people ?? [], messageIds: [], edits: new Map() };
  }
  const needsMessages = delivery.kind !== "said" || delivery.isStop;
  const entries = needsMessages ? await inbox.entriesAfter(session, INBOX_START) : [];
  const written = entries.filter(({ message }) => message.kind === "said" || message.kind === "edited");
  return {
    standing: "session",
    people: [...written.map(({ message }) => message.user), ...(found?.people ?? [])],
    messageIds: written.map(({ message }) => message.id),
    edits: latestEdits(written.flatMap(({ message }) => (message.id === delivery.id ? [] : [message]))),
    lastSaidTs: written.reduce(
      (last, { message }) => (message.kind === "said" && message.ts > last ? message.ts : last),
      "",
    ),
    since: written[0]?.message.ts,
  };
}

function latestEdits(messages: readonly InboxMessage[]): Map<string, string> {
  const latest = new Map<string, string>();
  for (const message of messages) {
    if (message.kind !== "said" && message.kind !== "edited") continue;
    const id = message.kind === "said" ? message.id : message.edits;
    const { editedTs = "" } = message;
    if (editedTs > (latest.get(id) ?? "")) latest.set(id, editedTs);
  }
  return latest;
}

import { branchOf, type InboxMessage, type Person, sessionKeyOf, type ThreadAddress } from "@peerbot/contracts";
import { type TestRedis, testRedis } from "@peerbot/testing";
import { createSessionEvents, createSessionInbox, createSessionRuns } from "../src/index.ts";

let made = 0;

/** A thread nobody has written to yet. */
export function aThread(): ThreadAddress {
  made += 1;
  return { team: "T1", channel: "C0LOG", threadTs: `1700000000.${String(made).padStart(6, "0")}` };
}

export const ADA: Person = { team: "T1", id: "U1ADA", name: "Ada" };

type Kind = InboxMessage["kind"];

/** Something Ada did in a thread; each call is another message. */
export function aMessage(kind: Exclude<Kind, "edited"> = "said", user = ADA.id): InboxMessage {
  made += 1;
  const common = { v: 1 as const, id: `C0LOG:${made}`, user, ts: `1700000001.${made}`, receivedAt: Date.now() };
  return kind === "said" ? { ...common, kind, text: `message ${made}` } : { ...common, kind };
}

/** A session log of a test's own on a real Redis. */
export async function openSessionLog() {
  const corner: TestRedis = await testRedis();
  const options = { redis: corner.redis, prefix: corner.prefix, retentionSeconds: 3600 };
  const inbox = createSessionInbox(options);
  const runs = createSessionRuns(options);
  const events = createSessionEvents(options);
  return {
    ...corner,
    inbox,
    runs,
    events,
    /** Begins a run for whatever waits in the thread. */
    async begin(thread: ThreadAddress, after = 0, attempt = 1) {
      const key = sessionKeyOf(thread);
      const pending = await inbox.pending(key);
      const run = await runs.begin(
        {
          key,
          person: ADA,
          branch: branchOf(key),
          inboxAfter: (await inbox.session(key))?.settledThrough ?? "0-0",
          inboxThrough: pending.at(-1)?.inboxId ?? "0-0",
          attempt,
          deadlineAt: Date.now() + 60_000,
          messageIds: pending.map(({ message }) => message.id),
        },
        { after },
      );
      if (run === "superseded") throw new Error("somebody else began");
      return run;
    },
    typesOf: async (thread: ThreadAddress) =>
      (await events.read(sessionKeyOf(thread), { afterSeq: 0 })).map(({ event }) => event?.type),
    [Symbol.asyncDispose]: () => corner[Symbol.asyncDispose](),
  };
}

export type SessionLog = Awaited<ReturnType<typeof openSessionLog>>;

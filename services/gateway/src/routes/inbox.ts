import type { InboxEntry, InboxPage, RunTokenClaims } from "@peerbot/contracts";
import { faultPoint } from "@peerbot/runtime";
import { INBOX_START, type SessionActivity, type SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { claimsOf } from "../authenticate.ts";
import { connectionClosed } from "../connection-closed.ts";
import { fenced } from "../gateway-failure.ts";
import { lookUntilNews } from "../look-until-news.ts";

const InboxQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,16}-\d{1,16}$/, "must be the id of an inbox entry, like 1700000000000-0")
    .default(INBOX_START),
  waitSeconds: z.coerce.number("must be a number").min(0).max(30).default(0),
});

export interface InboxPorts {
  runs: Pick<SessionRuns, "readInbox">;
  activity: SessionActivity;
  /** Aborted when the gateway stops: waiting polls are answered at once. */
  stopping: AbortSignal;
}

/** GET /v1/inbox: what people wrote after an entry, waiting for it if asked to. A poll in waiting holds no connection to Redis. */
export function addInboxRoute(scope: FastifyInstance, ports: InboxPorts): void {
  scope.get("/inbox", async (request, reply): Promise<InboxPage> => {
    const { after, waitSeconds } = InboxQuery.parse(request.query);
    const giveUp = AbortSignal.any([connectionClosed(reply.raw), ports.stopping]);
    const claims = claimsOf(request);
    const entries = await lookUntilNews({
      look: () => entriesAfter(after, claims, ports),
      isNews: ({ length }) => length > 0,
      heard: (options) => ports.activity.next("inbox", claims.sessionKey, options),
      waitSeconds,
      giveUp,
    });
    return { entries };
  });
}

async function entriesAfter(
  after: string,
  { sessionKey, epoch }: RunTokenClaims,
  { runs }: InboxPorts,
): Promise<InboxEntry[]> {
  const entries = await runs.readInbox(sessionKey, epoch, after);
  if (entries === "fenced") throw fenced();
  if (entries.length > 0) await faultPoint("gateway.after-inbox-read");
  return entries;
}

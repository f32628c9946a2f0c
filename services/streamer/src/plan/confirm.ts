import type { Operation, Seal } from "./operation.ts";
import { asUpdated, forget, inPart, inPost, inRound, type RecordContext } from "./record.ts";
import type { ProgressPart, SentThread } from "./sent-thread.ts";

/** What is known once Slack has done it. `ts` for what was posted, or found. */
export function confirm(
  sent: SentThread,
  operation: Operation,
  { roundId, now, ts }: Pick<RecordContext, "roundId" | "now"> & { ts: string | undefined },
): SentThread {
  const posted = ts === undefined ? {} : { ts };
  const withProgress = (changed: SentThread): SentThread => ({ ...changed, progressAt: now });
  switch (operation.kind) {
    case "post":
      return inPost(sent, operation.part, (post) => ({ ...post, ...posted, shown: operation.shown }));
    case "edit":
      return inPost(sent, operation.part, (post) => ({ ...post, shown: operation.shown }));
    case "start": {
      const { title, rows } = operation;
      return withProgress(inLastPart(sent, (part) => ({ ...part, ...posted, title, rows })));
    }
    case "append": {
      const { title, rows, to, seal } = operation;
      const end = sealedAs("full", to, seal);
      return withProgress(
        inPart(sent, operation.index, (part) => ({ ...part, title, rows, sent: to, pending: null, ...end })),
      );
    }
    case "post-progress":
    case "edit-progress": {
      const { title, rows, to, seal, shown } = operation;
      const whole = { title, rows, sent: to, shown, ...sealedAs("closed", to, seal) };
      const index = operation.kind === "edit-progress" ? operation.index : lastIndex(sent);
      return withProgress(inPart(sent, index, (part) => ({ ...part, ...posted, ...whole })));
    }
    case "stop":
      return stopped(sent, operation);
    case "unstream":
      return inPart(sent, operation.index, (part) => ({ ...asUpdated(part), isStreamLeft: false }));
    case "react":
      return { ...sent, replies: { ...sent.replies, [operation.ts]: operation.becomes } };
    case "status":
      return inRound(sent, roundId, (round) => ({ ...round, sessionStatus: operation.status }));
    case "find":
      if (ts === undefined) return forget(sent, operation.part);
      return inPost(sent, operation.part, (post) => ({ ...post, ts }));
    default:
      return operation satisfies never;
  }
}

/** `closed` needs no stop: the message is no stream. */
function sealedAs(state: "full" | "closed", to: number, seal: Seal | null): Partial<ProgressPart> {
  return seal === null ? {} : { to, ...seal, state };
}

/** Stopping a stream also sets the session's status, where there is one. */
function stopped(sent: SentThread, { index, seal, sessionStatus }: Extract<Operation, { kind: "stop" }>): SentThread {
  const end = seal ?? {};
  const closed = inPart(sent, index, (part) => ({ ...part, ...end, to: part.to ?? part.sent, state: "closed" }));
  if (closed.round?.sessionStatus === undefined) return closed;
  return { ...closed, round: { ...closed.round, sessionStatus } };
}

function lastIndex(sent: SentThread): number {
  return (sent.round?.progress.length ?? 0) - 1;
}

function inLastPart(sent: SentThread, change: (part: ProgressPart) => ProgressPart): SentThread {
  return inPart(sent, lastIndex(sent), change);
}

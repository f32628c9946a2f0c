import type { Operation } from "./operation.ts";
import { asUpdated, forget, inPart, inPost, inRound, withdraw } from "./record.ts";
import type { SentRound, SentThread } from "./sent-thread.ts";

/** What Slack's refusal of a call leads to. */
export type Refusal =
  | { kind: "go-on"; sent: SentThread }
  /** The thread cannot be reached any more. */
  | { kind: "give-up" }
  /** This method will be refused in every thread. */
  | { kind: "go-without"; sent: SentThread; feature: "streams" | "session-status" };

/** The thread, its channel or our place in it is gone. */
const GONE = new Set([
  "channel_not_found",
  "not_in_channel",
  "is_archived",
  "thread_not_found",
  "is_inactive",
  "restricted_action",
  "restricted_action_thread_locked",
  "restricted_action_read_only_channel",
  "team_access_not_granted",
  "cannot_reply_to_message",
]);

/** The app, not this thread, lacks something. */
const NEVER_HERE = new Set([
  "unknown_method",
  "missing_scope",
  "not_allowed_token_type",
  "not_allowed",
  "not_an_agent",
  "app_not_agent",
  "feature_not_enabled",
  "method_deprecated",
  "access_denied",
  "no_permission",
]);

const TOO_LONG = new Set(["msg_too_long", "msg_blocks_too_long"]);

/** The one place that decides what a refusal means. `code` is Slack's error. */
export function refuse(sent: SentThread, operation: Operation, code: string, roundId: number): Refusal {
  if (operation.kind === "status") return refuseStatus(sent, operation.status, code, roundId);
  if (operation.kind === "react") {
    // Done already, message deleted, or no right to react: a sign less, nothing lost.
    return goOn({ ...sent, replies: { ...sent.replies, [operation.ts]: operation.becomes } });
  }
  if (GONE.has(code)) return { kind: "give-up" };
  const without = withdraw(sent, operation);
  switch (operation.kind) {
    case "find":
      // Without the right to read nobody can tell; posting again may double, not posting would lose.
      return goOn(forget(sent, operation.part));
    case "post":
      return refusePost(without);
    case "edit":
      return goOn(refusedEdit(sent, operation, code));
    case "start":
      return refuseStart(without, code, roundId);
    case "append":
      // The message itself can still be repaired by an update; an expired stream needs no stop before that.
      return goOn(
        inPart(without, operation.index, (part) => ({
          ...asUpdated(part),
          isStreamLeft: code !== "message_not_in_streaming_state",
        })),
      );
    case "stop":
    case "unstream":
      // Stopped before, or expired and then shown as broken: an update puts both right.
      return goOn(inPart(without, operation.index, (part) => ({ ...asUpdated(part), isStreamLeft: false })));
    case "post-progress":
      return goOn(inRound(without, roundId, (round) => ({ ...round, ...refusedProgress(operation) })));
    case "edit-progress":
      return goOn(refusedProgressEdit(sent, operation, code));
    default:
      return operation satisfies never;
  }
}

function refuseStatus(sent: SentThread, status: "processing" | "active", code: string, roundId: number): Refusal {
  const skipped = inRound(sent, roundId, (round) => ({ ...round, sessionStatus: status }));
  return NEVER_HERE.has(code) ? { kind: "go-without", sent: skipped, feature: "session-status" } : goOn(skipped);
}

function refuseStart(sent: SentThread, code: string, roundId: number): Refusal {
  const refused = inRound(sent, roundId, (round) => ({ ...round, isStreamRefused: true }));
  return NEVER_HERE.has(code) ? { kind: "go-without", sent: refused, feature: "streams" } : goOn(refused);
}

/** Whatever is wrong with the blocks, the text alone says it all; when that is refused too, nothing can be said here. */
function refusePost(sent: SentThread): Refusal {
  if (sent.round === undefined || sent.round.isTextOnly) return { kind: "give-up" };
  return goOn({ ...sent, round: { ...sent.round, isTextOnly: true } });
}

function refusedEdit(
  sent: SentThread,
  { part, shown }: Extract<Operation, { kind: "edit" }>,
  code: string,
): SentThread {
  if (code === "invalid_blocks" && sent.round?.isTextOnly === false) {
    return { ...sent, round: { ...sent.round, isTextOnly: true } };
  }
  // Deleted, or too old to be edited: it stays as it is.
  return inPost(sent, part, (post) => ({ ...post, shown }));
}

/** Plan blocks are new: without them it is Markdown alone; when that is refused too, only the closing is left. */
function refusedProgress({ isPlain }: Extract<Operation, { kind: "post-progress" }>): Partial<SentRound> {
  return isPlain ? { isProgressRefused: true } : { isPlanRefused: true };
}

function refusedProgressEdit(
  sent: SentThread,
  { index, to, seal }: Extract<Operation, { kind: "edit-progress" }>,
  code: string,
): SentThread {
  return inPart(sent, index, (part) => {
    if (!part.isPlain && (code === "invalid_blocks" || TOO_LONG.has(code))) return { ...part, isPlain: true };
    // Deleted by somebody: what it showed went with it, what comes next gets a message of its own.
    const end = Math.max(part.sent, part.from);
    return {
      ...part,
      state: "closed",
      to: TOO_LONG.has(code) && end === part.from ? to : end,
      endStep: seal?.endStep ?? part.firstStep,
      left: [],
    };
  });
}

function goOn(sent: SentThread): Refusal {
  return { kind: "go-on", sent };
}

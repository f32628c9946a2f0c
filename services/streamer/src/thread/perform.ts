import type { ThreadAddress } from "@peerbot/contracts";
import { z } from "zod";
import type { Operation } from "../plan/operation.ts";
import type { SentRound } from "../plan/sent-thread.ts";
import { metadataOf } from "../view/messages.ts";
import type { Round } from "../view/thread-view.ts";
import type { SlackAnswer, SlackCalls } from "./slack-calls.ts";

/** Everything an operation's call needs besides the operation. `told` already holds its intention. */
export interface PerformContext {
  thread: ThreadAddress;
  sessionKey: string;
  /** Absent for signs on replies after the last round. */
  round: Round | undefined;
  told: SentRound | undefined;
}

const ETIQUETTE = { unfurl_links: false, unfurl_media: false } as const;
const EMPTY = { ok: true, answer: { ok: true } } as const;

/** Makes the call. Reading back (`find`) is done elsewhere. */
export async function perform(
  slack: SlackCalls,
  operation: Exclude<Operation, { kind: "find" }>,
  context: PerformContext,
): Promise<SlackAnswer> {
  const { thread, round, told } = context;
  const { channel, threadTs } = thread;
  if (operation.kind === "react") return react(slack, channel, operation);
  if (round === undefined || told === undefined) return EMPTY;
  switch (operation.kind) {
    case "post": {
      const intent = told[operation.part]?.intent ?? "";
      const metadata = metadataOf(round, { part: operation.part, intent, sessionKey: context.sessionKey });
      const { text, blocks } = operation.message;
      const content = told.isTextOnly ? { text } : { text, blocks };
      return slack.call("chat.postMessage", { channel, thread_ts: threadTs, metadata, ...content, ...ETIQUETTE });
    }
    case "edit": {
      const { text, blocks } = operation.message;
      const ts = told[operation.part]?.ts ?? "";
      return slack.call("chat.update", { channel, ts, text, blocks: told.isTextOnly ? [] : blocks });
    }
    case "start":
      return slack.call("chat.startStream", {
        channel,
        thread_ts: threadTs,
        recipient_user_id: round.user,
        recipient_team_id: round.team ?? thread.team,
        task_display_mode: "plan",
        chunks: operation.chunks,
      });
    case "append":
      return slack.call("chat.appendStream", { channel, ts: tsOf(told, operation.index), chunks: operation.chunks });
    case "stop":
      return slack.call("chat.stopStream", {
        channel,
        ts: tsOf(told, operation.index),
        session_status: operation.sessionStatus,
      });
    case "unstream":
      return slack.call("chat.stopStream", { channel, ts: tsOf(told, operation.index), session_status: "processing" });
    case "post-progress": {
      const part = `progress-${told.progress.length}`;
      const intent = told.progress.at(-1)?.intent ?? "";
      const metadata = metadataOf(round, { part, intent, sessionKey: context.sessionKey });
      return slack.call("chat.postMessage", {
        channel,
        thread_ts: threadTs,
        metadata,
        ...contentOf(operation.content),
        ...ETIQUETTE,
      });
    }
    case "edit-progress":
      return slack.call("chat.update", { channel, ts: tsOf(told, operation.index), ...contentOf(operation.content) });
    case "status":
      return slack.call("agents.sessions.setStatus", {
        channel_id: channel,
        thread_ts: threadTs,
        status: operation.status,
      });
    default:
      return operation satisfies never;
  }
}

/** The timestamp in an answer to a post. */
export function postedTs(answer: unknown): string | undefined {
  return z.object({ ts: z.string() }).safeParse(answer).data?.ts;
}

function react(
  slack: SlackCalls,
  channel: string,
  { ts, name, isRemoval }: Extract<Operation, { kind: "react" }>,
): Promise<SlackAnswer> {
  return slack.call(isRemoval ? "reactions.remove" : "reactions.add", { channel, timestamp: ts, name });
}

function contentOf(content: Extract<Operation, { kind: "post-progress" }>["content"]) {
  return "markdown" in content ? { markdown_text: content.markdown } : { text: content.text, blocks: content.blocks };
}

function tsOf(told: SentRound, index: number): string {
  return told.progress[index]?.ts ?? "";
}

import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { AgentEvent } from "./agent.ts";
import { createAnswerText } from "./answer-text.ts";
import type { AgentTrouble } from "./failure-of-turn.ts";
import { describeError, describeToolCall } from "./step-title.ts";

export type ResultMessage = Extract<SDKMessage, { type: "result" }>;
type RetryMessage = Extract<SDKMessage, { subtype: "api_retry" }>;
type StreamEvent = Extract<SDKMessage, { type: "stream_event" }>["event"];

/** Turns what the SDK reports into what people are shown. */
export interface Translator {
  see(message: SDKMessage): void;
  /** Closes the rows of calls that never came to an end. */
  close(): void;
  readonly answer: string;
}

export function createTranslator({
  workspace,
  onEvent,
}: {
  workspace: string;
  onEvent: (event: AgentEvent) => void;
}): Translator {
  const answer = createAnswerText();
  const streamed = new Set<string>();
  const openCalls = new Map<string, string>();

  function show(piece: string): void {
    const text = answer.add(piece);
    if (text !== "") onEvent({ type: "text", text });
  }

  function seeStream(event: StreamEvent, isAbandoned: boolean): void {
    if (event.type === "message_start") streamed.add(event.message.id);
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") show(event.delta.text);
    if (event.type === "content_block_stop") answer.end();
    if (event.type === "message_stop" && isAbandoned) answer.abandon();
    if (event.type === "message_stop" && !isAbandoned) answer.finish();
  }

  function seeAssistant({ message }: Extract<SDKMessage, { type: "assistant" }>): void {
    // The binary words API failures as messages of a model of this name; the result tells them too.
    if (message.model === "<synthetic>") return;
    for (const block of message.content) {
      // The answer of a request without stream, made after a stream broke.
      if (block.type === "text" && !streamed.has(message.id)) {
        show(block.text);
        answer.end();
        answer.finish();
      }
      if (block.type === "tool_use") {
        const step = describeToolCall(block.name, block.input, workspace);
        openCalls.set(block.id, step.title);
        onEvent({ type: "step", id: block.id, ...step, status: "in_progress" });
      }
    }
  }

  function seeToolResults({ message }: Extract<SDKMessage, { type: "user" }>): void {
    if (typeof message.content === "string") return;
    for (const block of message.content) {
      if (block.type !== "tool_result") continue;
      const title = openCalls.get(block.tool_use_id);
      if (title === undefined) continue;
      openCalls.delete(block.tool_use_id);
      if (block.is_error === true) {
        const detail = describeError(textOf(block.content), workspace);
        onEvent({ type: "step", id: block.tool_use_id, title, status: "error", detail });
      } else {
        onEvent({ type: "step", id: block.tool_use_id, title, status: "complete" });
      }
    }
  }

  return {
    see(message) {
      if ("parent_tool_use_id" in message && message.parent_tool_use_id !== null) return;
      if (message.type === "stream_event") seeStream(message.event, "abandoned_blocks" in message);
      if (message.type === "assistant") seeAssistant(message);
      if (message.type === "user") seeToolResults(message);
      if (message.type === "system" && message.subtype === "api_retry") {
        onEvent({ type: "notice", text: retryNotice(message) });
      }
    },
    close() {
      for (const [id, title] of openCalls) {
        onEvent({ type: "step", id, title, status: "error", detail: "It was interrupted." });
      }
      openCalls.clear();
    },
    get answer() {
      return answer.last;
    },
  };
}

/** What a result says went wrong; undefined when nothing did. `subtype: "success"` alone proves nothing. */
export function troubleIn(result: ResultMessage): AgentTrouble | undefined {
  if (result.subtype !== "success") return { subtype: result.subtype, text: result.errors.join("\n") };
  if (!result.is_error) return undefined;
  return { subtype: result.subtype, apiStatus: result.api_error_status ?? null, text: result.result };
}

function retryNotice({ error_status, retry_delay_ms, attempt, max_retries }: RetryMessage): string {
  const seconds = Math.max(1, Math.round(retry_delay_ms / 1000));
  const reason =
    error_status === 429 || error_status === 529
      ? "The model is busy"
      : error_status === null
        ? "The connection to the model broke"
        : `The model's API failed (${error_status})`;
  return `${reason}; trying again in ${seconds} s (${attempt} of ${max_retries}).`;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("\n");
}

import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { errorBody } from "./error-body.ts";
import { estimateTokens } from "./messages-request.ts";
import type { ToolCall } from "./step.ts";

type Block =
  | { type: "text"; text: string }
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> };

export interface ReplyHead {
  model: string;
  requestId: string;
  inputTokens: number;
}

/** Takes a reply piece by piece and puts it on the wire in one of the API's two shapes. */
export interface ReplyWriter {
  text(text: string, paceMs: number): Promise<void>;
  thinking(text: string, paceMs: number): Promise<void>;
  call(call: ToolCall): Promise<void>;
  /** The error that the API reports when it fails in mid-answer. */
  fail(): void;
  end(): void;
}

const PIECE = /[\s\S]{1,12}/gu;

/** Server-sent events, as `stream: true` asks for. */
export function createStreamWriter(response: ServerResponse, head: ReplyHead): ReplyWriter {
  let index = 0;
  let openText = false;
  let outputTokens = 0;
  let stopReason = "end_turn";
  const send = (type: string, data: object) => {
    if (!response.destroyed) response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  const start = (block: object) => send("content_block_start", { index, content_block: block });
  const stop = () => send("content_block_stop", { index: index++ });
  const closeText = () => {
    if (openText) stop();
    openText = false;
  };
  const pieces = async (text: string, paceMs: number, deltaOf: (piece: string) => object) => {
    outputTokens += estimateTokens(text);
    for (const piece of text.match(PIECE) ?? []) {
      if (response.destroyed) return;
      send("content_block_delta", { index, delta: deltaOf(piece) });
      if (paceMs > 0) await pause(paceMs);
    }
  };
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "request-id": head.requestId,
  });
  send("message_start", { message: { ...envelope(head), content: [], stop_reason: null, stop_sequence: null } });
  send("ping", {});
  return {
    async text(text, paceMs) {
      if (!openText) start({ type: "text", text: "" });
      openText = true;
      await pieces(text, paceMs, (piece) => ({ type: "text_delta", text: piece }));
    },
    async thinking(text, paceMs) {
      closeText();
      start({ type: "thinking", thinking: "", signature: "" });
      await pieces(text, paceMs, (piece) => ({ type: "thinking_delta", thinking: piece }));
      send("content_block_delta", { index, delta: { type: "signature_delta", signature: SIGNATURE_OF_NOBODY } });
      stop();
    },
    async call({ tool, input }) {
      closeText();
      stopReason = "tool_use";
      start({ type: "tool_use", id: toolUseId(), name: tool, input: {} });
      await pieces(JSON.stringify(input), 0, (piece) => ({ type: "input_json_delta", partial_json: piece }));
      stop();
    },
    fail() {
      const { error, request_id } = errorBody(529, head.requestId);
      send("error", { error, request_id });
      response.end();
    },
    end() {
      closeText();
      send("message_delta", {
        delta: { stop_reason: stopReason, stop_sequence: null },
        usage: { output_tokens: Math.max(1, outputTokens) },
      });
      send("message_stop", {});
      response.end();
    },
  };
}

/** One JSON document, as a request without `stream` asks for. */
export function createPlainWriter(response: ServerResponse, head: ReplyHead): ReplyWriter {
  const content: Block[] = [];
  const finish = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json", "request-id": head.requestId });
    response.end(JSON.stringify(body));
  };
  return {
    async text(text) {
      const last = content.at(-1);
      if (last?.type === "text") last.text += text;
      else content.push({ type: "text", text });
    },
    async thinking(text) {
      content.push({ type: "thinking", thinking: text, signature: SIGNATURE_OF_NOBODY });
    },
    async call({ tool, input }) {
      content.push({ type: "tool_use", id: toolUseId(), name: tool, input });
    },
    fail: () => finish(529, errorBody(529, head.requestId)),
    end() {
      const message = envelope(head);
      const usage = { ...message.usage, output_tokens: estimateTokens(content) };
      const stopReason = content.at(-1)?.type === "tool_use" ? "tool_use" : "end_turn";
      finish(200, { ...message, content, stop_reason: stopReason, stop_sequence: null, usage });
    },
  };
}

const SIGNATURE_OF_NOBODY = Buffer.from("scripted model").toString("base64");

function toolUseId(): string {
  return `toolu_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

function envelope({ model, inputTokens }: ReplyHead) {
  return {
    id: `msg_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
    type: "message",
    role: "assistant",
    model,
    usage: {
      input_tokens: inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
    },
  };
}

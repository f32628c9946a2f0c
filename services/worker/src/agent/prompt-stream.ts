import { randomUUID } from "node:crypto";
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

/** The messages for the agent, as they come. */
export interface PromptStream extends AsyncIterable<SDKUserMessage> {
  readonly isEnded: boolean;
  /** The id under which the agent reports on this message. */
  push(text: string): string;
  end(): void;
}

export function createPromptStream(): PromptStream {
  const waiting: SDKUserMessage[] = [];
  let news = Promise.withResolvers<void>();
  let isEnded = false;

  async function* messages(): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        yield next;
      } else if (isEnded) {
        return;
      } else {
        await news.promise;
        news = Promise.withResolvers<void>();
      }
    }
  }

  return {
    get isEnded() {
      return isEnded;
    },
    push(text) {
      const uuid = randomUUID();
      waiting.push({
        type: "user",
        message: { role: "user", content: [{ type: "text", text }] },
        parent_tool_use_id: null,
        // Into the running turn at the next tool boundary, without breaking off what is being said.
        priority: "next",
        uuid,
      });
      news.resolve();
      return uuid;
    },
    end() {
      isEnded = true;
      news.resolve();
    },
    [Symbol.asyncIterator]: messages,
  };
}

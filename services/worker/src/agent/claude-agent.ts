import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { messageOf } from "@peerbot/runtime/core";
import { z } from "zod";
import type { Agent, Turn, TurnRequest, TurnResult } from "./agent.ts";
import type { ClaudeSettings } from "./claude-options.ts";
import type { ClaudeProcess } from "./claude-process.ts";
import { type AgentTrouble, failureOfTurn } from "./failure-of-turn.ts";
import { createPromptStream } from "./prompt-stream.ts";
import { createTranslator, type ResultMessage, troubleIn } from "./translate-messages.ts";
import { usageOfResults } from "./usage-of-results.ts";
import { createWaitingClaude } from "./waiting-claude.ts";

/** How long the binary may take to leave off after an interruption, or to exit after its last result. */
const LEAVE_MS = 5_000;
/** A result after which some message is still unaccounted for: the next turn may follow. */
const LINGER_MS = 2_000;
/** Refused keys do not get better by trying. */
const HOPELESS = new Set([401, 403]);

/** What becomes of a message for the agent: after these two states come only such as settle it. */
const CommandLifecycle = z.object({
  type: z.literal("command_lifecycle"),
  command_uuid: z.string(),
  state: z.string(),
});
const OPEN_STATES = new Set(["queued", "started"]);

/**
 * A turn is `quiet` after a result that may have another behind it, and `leaving` when nothing more is expected. Both are
 * bounded; work of any kind makes it `working` again, which only the binary ends.
 */
type State = "working" | "quiet" | "leaving";

/** Claude Code through the Agent SDK: one process per turn, ended with everything it started. */
export function createClaudeAgent(settings: ClaudeSettings): Agent {
  const waiting = createWaitingClaude(settings);
  return {
    name: "claude",
    prepare: waiting.prepare,
    open: waiting.open,
    startTurn: (request) => startTurn(request, settings, () => waiting.take(request)),
    [Symbol.asyncDispose]: waiting.end,
  };
}

function startTurn(request: TurnRequest, { workspace }: ClaudeSettings, start: () => Promise<ClaudeProcess>): Turn {
  const prompts = createPromptStream();
  const translator = createTranslator({ workspace, onEvent: request.onEvent });
  const pending = new Set([prompts.push(request.prompt)]);
  const results: ResultMessage[] = [];
  const startedAt = performance.now();
  const over = new AbortController();
  let claude: ClaudeProcess | undefined;
  let isInterrupted = false;
  let trouble: AgentTrouble | undefined;
  let state: State = "working";
  let overdue: NodeJS.Timeout | undefined;

  function become(next: State): void {
    if (isInterrupted) return;
    state = next;
    clearTimeout(overdue);
    if (state === "quiet") overdue = setTimeout(become, LINGER_MS, "leaving");
    if (state === "leaving") {
      prompts.end();
      endSoon();
    }
  }

  /** Makes an end, should the binary not come to it by itself. */
  function endSoon(): void {
    clearTimeout(overdue);
    overdue = setTimeout(() => void claude?.end(), LEAVE_MS);
  }

  function see(message: SDKMessage): void {
    translator.see(message);
    const { data: told } = CommandLifecycle.safeParse(message);
    if (told !== undefined && !OPEN_STATES.has(told.state)) pending.delete(told.command_uuid);
    if (message.type === "result") {
      results.push(message);
      become("quiet");
    } else if (isWork(message) || (told?.state === "started" && pending.has(told.command_uuid))) {
      become("working");
    }
    if (state === "quiet" && pending.size === 0) become("leaving");
    if (message.type === "system" && message.subtype === "api_retry" && HOPELESS.has(message.error_status ?? 0)) {
      trouble = { apiStatus: message.error_status, text: "the key was refused" };
      prompts.end();
      void claude?.end();
    }
  }

  async function run(): Promise<TurnResult> {
    try {
      claude = await start();
      if (isInterrupted) return resultOf();
      claude.begin({ prompts, guidance: request.guidance });
      for await (const message of claude.session) see(message);
    } catch (error) {
      // An error result is followed by an exception that says less than it.
      const isTold = results.some((result) => result.is_error);
      if (!isTold) trouble ??= { text: messageOf(error) };
    } finally {
      over.abort();
      prompts.end();
      clearTimeout(overdue);
      await claude?.end();
      translator.close();
    }
    return resultOf();
  }

  function resultOf(): TurnResult {
    const last = results.at(-1);
    const usage = usageOfResults(results, Math.round(performance.now() - startedAt));
    const common = { usage, answer: translator.answer };
    if (isInterrupted) return { status: "interrupted", ...common };
    const found = trouble ?? (last === undefined ? { text: "it ended without a result" } : troubleIn(last));
    return found === undefined
      ? { status: "completed", ...common }
      : { status: "failed", failure: failureOfTurn(found), ...common };
  }

  return {
    done: run(),
    say(text) {
      if (prompts.isEnded || isInterrupted) return false;
      become("working");
      pending.add(prompts.push(text));
      return true;
    },
    interrupt() {
      if (isInterrupted || over.signal.aborted) return;
      isInterrupted = true;
      endSoon();
      void claude?.session
        .interrupt()
        .catch(() => {}) // it is ended either way
        .finally(() => prompts.end());
    },
  };
}

/** What only comes while a turn is under way, be it one that began late with a message of its own. */
function isWork(message: SDKMessage): boolean {
  if (message.type === "system") return message.subtype === "api_retry";
  return message.type === "stream_event" || message.type === "assistant" || message.type === "user";
}

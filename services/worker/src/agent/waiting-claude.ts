import { setImmediate as eventLoopTurn } from "node:timers/promises";
import type { AgentMemory, Conversation } from "./agent.ts";
import { type ClaudeSettings, isBegun } from "./claude-options.ts";
import { type ClaudeProcess, type ClaudeSdk, type SpareClaude, startClaude, startSpare } from "./claude-process.ts";

/** The process the next turn will be taken by, as far as it is started. */
export interface WaitingClaude {
  prepare(options: { isAhead: boolean }): Promise<void>;
  open(conversation: Conversation): void;
  /** A process in that conversation: the one that waits if it is the right one and lives, else a new one. */
  take(conversation: Conversation): Promise<ClaudeProcess>;
  /** Ends what waits; nothing is started after it. */
  end(): Promise<void>;
}

/** It takes a while, which is well spent waiting for something else. */
export function loadClaudeSdk(): Promise<ClaudeSdk> {
  return import("@anthropic-ai/claude-agent-sdk");
}

export function createWaitingClaude(settings: ClaudeSettings): WaitingClaude {
  let sdk: Promise<ClaudeSdk> | undefined;
  let spare: SpareClaude | undefined;
  let opened: { memory: AgentMemory; process: Promise<ClaudeProcess> } | undefined;
  let isEnded = false;

  const load = () => (sdk ??= loadClaudeSdk());

  async function start(conversation: Conversation): Promise<ClaudeProcess> {
    const ahead = spare;
    spare = undefined;
    // It stands in a conversation of its own: an old one cannot be put into it.
    if (ahead?.isAlive === true && !isBegun(conversation.memory)) {
      try {
        return await ahead.take(conversation);
      } catch {
        // What it cannot take, a new one can.
      }
    } else {
      await ahead?.end();
    }
    const loaded = await load();
    if (isEnded) throw new Error("the agent is not needed any more");
    return startClaude(loaded, settings, conversation);
  }

  async function endOpened(): Promise<void> {
    const last = opened;
    opened = undefined;
    await last?.process.then(({ end }) => end()).catch(() => {}); // whoever waited for it has heard it
  }

  return {
    async prepare({ isAhead }) {
      const loaded = await load();
      if (!isAhead || isEnded) return;
      spare ??= await startSpare(loaded, settings);
      if (isEnded) await spare.end();
    },
    open(conversation) {
      const before = endOpened();
      const process = before.then(() => start(conversation));
      process.catch(() => {}); // the turn hears it, if there is one
      opened = { memory: conversation.memory, process };
    },
    async take(conversation) {
      const last = opened;
      if (last?.memory === conversation.memory) {
        opened = undefined;
        const process = await last.process;
        // An end that has happened already is told with the event loop's next turn.
        await eventLoopTurn();
        if (process.isAlive) return process;
      }
      return start(conversation);
    },
    async end() {
      isEnded = true;
      await Promise.all([endOpened(), spare?.end()]);
    },
  };
}

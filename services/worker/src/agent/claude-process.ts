import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Options, Query, SDKUserMessage, SpareProcess } from "@anthropic-ai/claude-agent-sdk";
import type { Conversation } from "./agent.ts";
import {
  type ClaudeSettings,
  claudeOptions,
  configFolderOf,
  isBegun,
  optionsFor,
  temporaryFolderOf,
} from "./claude-options.ts";
import { createMemoryStore } from "./memory-store.ts";
import { endGroup, startGroup } from "./process-group.ts";

export type ClaudeSdk = Pick<typeof import("@anthropic-ai/claude-agent-sdk"), "query" | "prewarm">;

/** A Claude Code process that stands in a conversation and waits for what it is to do. */
export interface ClaudeProcess {
  /** What it reports. */
  readonly session: Query;
  /** False once the process has ended. */
  readonly isAlive: boolean;
  /** Gives it its turn, once. */
  begin(turn: { prompts: AsyncIterable<SDKUserMessage>; guidance: string | undefined }): void;
  /** Ends it with everything it started. */
  end(): Promise<void>;
}

/** A Claude Code process that was started before there was a conversation. */
export interface SpareClaude {
  readonly isAlive: boolean;
  /** Puts it into a new conversation. @throws when it cannot take it; it is ended then */
  take(conversation: Conversation): Promise<ClaudeProcess>;
  end(): Promise<void>;
}

/** Starts the binary for a conversation. */
export async function startClaude(
  sdk: ClaudeSdk,
  settings: ClaudeSettings,
  conversation: Conversation,
): Promise<ClaudeProcess> {
  await makeFolders(configFolderOf(settings), temporaryFolderOf(settings));
  const parts = createParts(settings);
  parts.bind(conversation);
  const session = sdk.query({
    prompt: parts.input,
    options: optionsFor(conversation, settings, parts.options),
  });
  return parts.asProcess(session);
}

/** Starts the binary for any conversation that is yet to come, in a folder of no session. */
export async function startSpare(sdk: ClaudeSdk, settings: ClaudeSettings): Promise<SpareClaude> {
  const parking = join(settings.home, "parking");
  await makeFolders(configFolderOf(settings), temporaryFolderOf(settings), parking);
  const parts = createParts(settings);
  let spare: SpareProcess;
  try {
    spare = await sdk.prewarm({ options: { ...parts.options, cwd: parking } });
  } catch (error) {
    await parts.end();
    throw error;
  }
  return {
    get isAlive() {
      return parts.isAlive;
    },
    end: parts.end,
    async take(conversation) {
      const { briefing, model } = conversation;
      try {
        parts.bind(conversation);
        const session = spare.claim({
          prompt: parts.input,
          options: {
            cwd: settings.workspace,
            appendSystemPrompt: briefing,
            ...(model === undefined ? {} : { model }),
          },
        });
        await spare.claimed;
        return parts.asProcess(session);
      } catch (error) {
        await parts.end();
        throw error;
      }
    },
  };
}

async function makeFolders(...folders: string[]): Promise<void> {
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
}

/** What a process needs from its start, and what it is given as more is known. */
function createParts(settings: ClaudeSettings) {
  const mark = randomUUID();
  const store = createMemoryStore();
  const turn = Promise.withResolvers<AsyncIterable<SDKUserMessage>>();
  let pid: number | undefined;
  let hasEnded = false;
  let isOver = false;
  let guidance: string | undefined;
  let isGuided = false;

  const options: Options = claudeOptions(settings, {
    sessionStore: store,
    spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
      // An old conversation is written to the disk before: by then nobody may want the process any more.
      if (isOver) throw new Error("the agent is not needed any more");
      const child = startGroup({ command, args, cwd, env, mark });
      pid = child.pid;
      child.once("exit", () => {
        hasEnded = true;
      });
      return child;
    },
    guidance(occasion) {
      if (occasion === "prompt" && isGuided) return undefined;
      isGuided = true;
      return guidance;
    },
  });

  async function* input(): AsyncGenerator<SDKUserMessage> {
    yield* await turn.promise;
  }

  const end = () => {
    isOver = true;
    return endGroup(pid, mark);
  };
  return {
    options,
    input: input(),
    get isAlive() {
      return !hasEnded;
    },
    bind({ memory }: Conversation) {
      store.bind(memory);
      isGuided = isBegun(memory);
    },
    end,
    asProcess(session: Query): ClaudeProcess {
      return {
        session,
        get isAlive() {
          return !hasEnded;
        },
        begin(given) {
          guidance = given.guidance;
          turn.resolve(given.prompts);
        },
        end,
      };
    },
  };
}

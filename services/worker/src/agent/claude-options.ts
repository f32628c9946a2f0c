import { join } from "node:path";
import type { Options } from "@anthropic-ai/claude-agent-sdk";
import type { Secret } from "@peerbot/runtime/core";
import type { Conversation } from "./agent.ts";
import { objectionToCall } from "./judge-tool-call.ts";

export interface ClaudeSettings {
  /** The Claude Code binary. */
  binary: string;
  /** The Claude API as the agent reaches it. */
  baseUrl: string;
  /** What it is asked with: the agent's own commands can read it. */
  apiKey: Secret;
  /** Absolute path the agent works in. */
  workspace: string;
  /** A folder of the agent's own, for its home and configuration. */
  home: string;
  path: string;
  /** The Docker daemon of this run's own. */
  dockerHost: string | undefined;
  isRoot: boolean;
  maxTurns: number | undefined;
  maxBudgetUsd: number | undefined;
}

const TOOLS = ["Bash", "Read", "Edit", "Write", "Grep", "Glob"];
const HOOK_TIMEOUT_SECONDS = 30;

type Hooks = NonNullable<Options["hooks"]>;
type Hook = NonNullable<Hooks["PreToolUse"]>[number]["hooks"][number];

/** What a process is given of its own. */
export type OwnOptions = Required<Pick<Options, "sessionStore" | "spawnClaudeCodeProcess">> & {
  /** Told with the first prompt of a conversation, and again when it was shortened; undefined for nothing. */
  guidance: (occasion: "prompt" | "compact") => string | undefined;
};

/** How the Claude Code binary is run: nothing of the cloned repository configures it, nothing of our environment reaches it. */
export function claudeOptions(settings: ClaudeSettings, { guidance, ...own }: OwnOptions): Options {
  return {
    ...own,
    env: environmentOf(settings),
    pathToClaudeCodeExecutable: settings.binary,
    settingSources: [],
    strictMcpConfig: true,
    mcpServersDelivery: "initialize",
    // The worker writes the commits and the pull request; how to do that by itself would only mislead the agent.
    settings: { attribution: { commit: "", pr: "" }, includeGitInstructions: false },
    tools: TOOLS,
    permissionMode: "bypassPermissions",
    allowDangerouslySkipPermissions: true,
    hooks: {
      PreToolUse: [{ hooks: [judgeCall(settings)], timeout: HOOK_TIMEOUT_SECONDS, onFailure: "block" }],
      UserPromptSubmit: [{ hooks: [async () => context("UserPromptSubmit", guidance("prompt"))] }],
      SessionStart: [
        {
          hooks: [
            async (input) => {
              const isShortened = input.hook_event_name === "SessionStart" && input.source === "compact";
              return context("SessionStart", isShortened ? guidance("compact") : undefined);
            },
          ],
        },
      ],
    },
    includePartialMessages: true,
    verbatimPrompts: true,
    sessionStoreFlush: "eager",
    systemPrompt: { type: "preset", preset: "claude_code", excludeDynamicSections: true },
    ...(settings.maxTurns === undefined ? {} : { maxTurns: settings.maxTurns }),
    ...(settings.maxBudgetUsd === undefined ? {} : { maxBudgetUsd: settings.maxBudgetUsd }),
  };
}

/** The same for a conversation that is known when the binary starts. */
export function optionsFor(
  { memory, briefing, model }: Conversation,
  { workspace }: ClaudeSettings,
  common: Options,
): Options {
  return {
    ...common,
    cwd: workspace,
    // A resumed conversation keeps the briefing it began with.
    systemPrompt: { type: "preset", preset: "claude_code", append: briefing, excludeDynamicSections: true },
    ...(isBegun(memory) ? { resume: memory.sessionId } : { sessionId: memory.sessionId }),
    ...(model === undefined ? {} : { model }),
  };
}

/** True when there is a conversation to go on with. */
export function isBegun({ transcript }: Conversation["memory"]): boolean {
  return (transcript[""]?.length ?? 0) > 0;
}

function environmentOf(settings: ClaudeSettings): Record<string, string> {
  return {
    PATH: settings.path,
    HOME: settings.home,
    LANG: "C.UTF-8",
    ANTHROPIC_BASE_URL: settings.baseUrl,
    ANTHROPIC_API_KEY: settings.apiKey.reveal(),
    CLAUDE_CONFIG_DIR: configFolderOf(settings),
    // In /tmp they would outlive a worker that shares its machine.
    CLAUDE_CODE_TMPDIR: temporaryFolderOf(settings),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
    // Nobody is there to hear of a background task once the turn is over.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    // A minute and a half: a model that is busy or a gateway that is being replaced takes longer than some seconds.
    CLAUDE_CODE_MAX_RETRIES: "8",
    GIT_TERMINAL_PROMPT: "0",
    ...(settings.dockerHost === undefined ? {} : { DOCKER_HOST: settings.dockerHost }),
    // Without it the binary refuses to run as root without asking for permissions.
    ...(settings.isRoot ? { IS_SANDBOX: "1" } : {}),
  };
}

export function configFolderOf({ home }: ClaudeSettings): string {
  return join(home, ".claude");
}

/** For the binary's own files. The agent's commands find /tmp as everywhere: sockets in a long path cannot be opened. */
export function temporaryFolderOf({ home }: ClaudeSettings): string {
  return join(home, "tmp");
}

function judgeCall({ workspace, home }: ClaudeSettings): Hook {
  return async (input) => {
    if (input.hook_event_name !== "PreToolUse") return {};
    const objection = objectionToCall(input.tool_name, input.tool_input, { workspace, folders: [home, "/tmp"] });
    if (objection === undefined) return {};
    return {
      hookSpecificOutput: {
        hookEventName: "PreToolUse",
        permissionDecision: "deny",
        permissionDecisionReason: objection,
      },
    };
  };
}

function context(hookEventName: "UserPromptSubmit" | "SessionStart", additionalContext: string | undefined) {
  return additionalContext === undefined ? {} : { hookSpecificOutput: { hookEventName, additionalContext } };
}

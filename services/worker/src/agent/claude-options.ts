import type { Options } from "@anthropic-ai/claude-agent-sdk";
import type { Secret } from "@peerbot/runtime";
import type { TurnRequest } from "./agent.ts";
import { objectionToCall } from "./judge-tool-call.ts";
import { createMemoryStore } from "./memory-store.ts";
import { startGroup } from "./process-group.ts";

export interface ClaudeSettings {
  /** The Claude Code binary. */
  binary: string;
  /** The Claude API as the gateway serves it. */
  baseUrl: string;
  /** Reaches the model and nothing else: the agent's own commands can read it. */
  modelToken: Secret;
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

/** How the Claude Code binary is run: nothing of the cloned repository configures it, nothing of our environment reaches it. */
export function claudeOptions(
  settings: ClaudeSettings,
  request: TurnRequest,
  { mark, configFolder, onStart }: { mark: string; configFolder: string; onStart: (pid: number | undefined) => void },
): Options {
  const { memory, workspace, briefing, model } = request;
  const isResumed = (memory.transcript[""]?.length ?? 0) > 0;
  return {
    cwd: workspace,
    env: environmentOf(settings, configFolder),
    pathToClaudeCodeExecutable: settings.binary,
    spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
      const child = startGroup({ command, args, cwd, env, mark });
      onStart(child.pid);
      return child;
    },
    settingSources: [],
    strictMcpConfig: true,
    mcpServersDelivery: "initialize",
    // The worker writes the commits and the pull request.
    settings: { attribution: { commit: "", pr: "" } },
    tools: TOOLS,
    permissionMode: "bypassPermissions",
    allowDangerouslySkipPermissions: true,
    hooks: {
      PreToolUse: [{ hooks: [judgeCall(request, settings)], timeout: HOOK_TIMEOUT_SECONDS, onFailure: "block" }],
    },
    includePartialMessages: true,
    verbatimPrompts: true,
    sessionStore: createMemoryStore(memory),
    sessionStoreFlush: "eager",
    // A resumed conversation keeps the briefing it began with.
    systemPrompt: { type: "preset", preset: "claude_code", append: briefing, excludeDynamicSections: true },
    ...(isResumed ? { resume: memory.sessionId } : { sessionId: memory.sessionId }),
    ...(model === undefined ? {} : { model }),
    ...(settings.maxTurns === undefined ? {} : { maxTurns: settings.maxTurns }),
    ...(settings.maxBudgetUsd === undefined ? {} : { maxBudgetUsd: settings.maxBudgetUsd }),
  };
}

function environmentOf(settings: ClaudeSettings, configFolder: string): Record<string, string> {
  return {
    PATH: settings.path,
    HOME: settings.home,
    LANG: "C.UTF-8",
    ANTHROPIC_BASE_URL: settings.baseUrl,
    ANTHROPIC_API_KEY: settings.modelToken.reveal(),
    CLAUDE_CONFIG_DIR: configFolder,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
    // Nobody is there to hear of a background task once the turn is over.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_MAX_RETRIES: "4",
    GIT_TERMINAL_PROMPT: "0",
    ...(settings.dockerHost === undefined ? {} : { DOCKER_HOST: settings.dockerHost }),
    // Without it the binary refuses to run as root without asking for permissions.
    ...(settings.isRoot ? { IS_SANDBOX: "1" } : {}),
  };
}

type PreToolUse = NonNullable<NonNullable<Options["hooks"]>["PreToolUse"]>[number]["hooks"][number];

function judgeCall({ workspace }: TurnRequest, { home }: ClaudeSettings): PreToolUse {
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

// The Agent SDK alone: a program that asks one thing and ends with the answer. What a worker adds is measured against it.
import { query } from "@anthropic-ai/claude-agent-sdk";

const [folder = "", prompt = ""] = process.argv.slice(2);

async function* messages() {
  yield {
    type: "user" as const,
    message: { role: "user" as const, content: [{ type: "text" as const, text: prompt }] },
    parent_tool_use_id: null,
  };
}

const session = query({
  prompt: messages(),
  options: {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: "C.UTF-8",
      ANTHROPIC_BASE_URL: process.env.ANTHROPIC_BASE_URL,
      ANTHROPIC_API_KEY: process.env.ANTHROPIC_API_KEY,
      CLAUDE_CONFIG_DIR: process.env.CLAUDE_CONFIG_DIR,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
      IS_SANDBOX: "1",
    },
    settingSources: [],
    settings: { includeGitInstructions: false },
    strictMcpConfig: true,
    tools: ["Bash", "Read", "Edit", "Write", "Grep", "Glob"],
    permissionMode: "bypassPermissions",
    allowDangerouslySkipPermissions: true,
    includePartialMessages: true,
    verbatimPrompts: true,
    systemPrompt: { type: "preset", preset: "claude_code", excludeDynamicSections: true },
  },
});
for await (const _message of session);

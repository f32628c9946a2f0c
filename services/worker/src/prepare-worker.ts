import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Agent } from "./agent/agent.ts";
import { createClaudeAgent } from "./agent/claude-agent.ts";
import { findClaudeBinary } from "./agent/find-claude-binary.ts";
import type { WorkerConfig } from "./config.ts";
import { createModelDoor, type ModelDoor } from "./model-door.ts";
import { createGit, type Git } from "./workspace/git.ts";
import { makeWorkspace } from "./workspace/prepare-workspace.ts";
import { makeVault } from "./workspace/vault.ts";

export type WorkerFolders = Awaited<ReturnType<typeof makeFolders>>;

/** All of a worker that needs no session and holds nothing of one. */
export interface PreparedWorker extends AsyncDisposable {
  readonly agent: Agent;
  readonly door: ModelDoor;
  readonly git: Git;
  readonly folders: WorkerFolders;
  /** Resolves when the agent is as ready as it gets; nobody has to wait for it. */
  readonly ready: Promise<void>;
}

/** With `isAhead` the agent is started, too: worth it when there is time until the session comes. */
export async function prepareWorker(
  config: Pick<
    WorkerConfig,
    "WORKSPACE_DIR" | "GATEWAY_URL" | "CLAUDE_CODE_PATH" | "PATH" | "DOCKER_HOST" | "MAX_TURNS" | "MAX_BUDGET_USD"
  >,
  { isAhead = false }: { isAhead?: boolean } = {},
): Promise<PreparedWorker> {
  await using parts = new AsyncDisposableStack();
  const [folders, door] = await Promise.all([
    makeFolders(config.WORKSPACE_DIR),
    createModelDoor({ upstream: `${config.GATEWAY_URL}/anthropic` }),
  ]);
  parts.use(door);
  const agent = parts.use(
    createClaudeAgent({
      binary: config.CLAUDE_CODE_PATH ?? findClaudeBinary(),
      baseUrl: door.url,
      apiKey: door.key,
      workspace: folders.repository,
      home: folders.agentHome,
      path: config.PATH,
      dockerHost: config.DOCKER_HOST,
      isRoot: process.getuid?.() === 0,
      maxTurns: config.MAX_TURNS,
      maxBudgetUsd: config.MAX_BUDGET_USD,
    }),
  );
  const ready = agent.prepare({ isAhead });
  ready.catch(() => {}); // whoever waits for it hears it, and the turn does
  const git = createGit({ path: config.PATH, home: folders.gitHome });
  await Promise.all([makeVault(folders.vault, git), makeWorkspace(folders.repository, git)]);
  const all = parts.move();
  return { agent, door, git, folders, ready, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** The repository stands in a folder named for what it is: the agent sees its path. Leftovers of another run are removed. */
async function makeFolders(workspaceDir: string) {
  await mkdir(workspaceDir, { recursive: true });
  const root = await realpath(workspaceDir);
  const folders = {
    repository: join(root, "repository"),
    vault: join(root, "vault"),
    agentHome: join(root, "agent-home"),
    gitHome: join(root, "git-home"),
  };
  await Promise.all(
    Object.values(folders).map(async (folder) => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
    }),
  );
  return folders;
}

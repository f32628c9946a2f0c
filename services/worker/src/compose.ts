import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { createLogger, faultPoint, type Secret } from "@peerbot/runtime";
import { createClaudeAgent } from "./agent/claude-agent.ts";
import { findClaudeBinary } from "./agent/find-claude-binary.ts";
import type { WorkerConfig } from "./config.ts";
import { createEventSender } from "./event-sender.ts";
import { createGatewayClient, exchangeStartToken, FencedError, GatewayCallError } from "./gateway-client.ts";
import { startInboxFeed } from "./inbox-feed.ts";
import { runSession } from "./run-session.ts";
import { timeUntilSaving } from "./save-time.ts";
import { createGit } from "./workspace/git.ts";
import type { WorkspaceOptions } from "./workspace/prepare-workspace.ts";
import { createVault } from "./workspace/vault.ts";

/** The run's outcome is told. */
const EXIT_TOLD = 0;
/** Another worker has the run, or a newer run the session: there is nothing to tell. */
const EXIT_FENCED = 4;

/** How long a call to the gateway is tried again: longer than a deploy of it takes. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Does one run. Resolves to the exit code once its outcome is told or nobody waits for it any more.
 * @throws when the outcome could not be told
 */
export async function startWorker(config: WorkerConfig, { terminated }: { terminated: AbortSignal }): Promise<number> {
  const logger = createLogger({ service: "worker", level: config.LOG_LEVEL });
  try {
    await doRun(config, terminated, logger);
    return EXIT_TOLD;
  } catch (error) {
    const isTaken = error instanceof GatewayCallError && error.code === "start-token-used";
    if (!(error instanceof FencedError) && !isTaken) throw error;
    logger.warn({ code: error.code }, "run-fenced");
    return EXIT_FENCED;
  }
}

async function doRun(
  config: WorkerConfig,
  terminated: AbortSignal,
  logger: ReturnType<typeof createLogger>,
): Promise<void> {
  const gatewayUrl = config.GATEWAY_URL;
  const never = new AbortController().signal;
  const access = { gatewayUrl, patienceMs: PATIENCE_MS };
  const { runToken, gitToken, modelToken } = await exchangeStartToken({
    ...access,
    startToken: config.START_TOKEN,
    signal: terminated,
  });
  await faultPoint("worker.after-exchange");
  const assignment = await createGatewayClient({ ...access, runToken, signal: never }).assignment();
  const log = logger.child({ session: assignment.sessionKey, epoch: assignment.epoch });
  log.info({ repository: `${assignment.repository.owner}/${assignment.repository.name}` }, "run-taken");

  const now = Date.now();
  const { deadlineAt } = assignment;
  const saveAfterMs = timeUntilSaving({ now, deadlineAt, marginSeconds: config.SAVE_MARGIN_SECONDS });
  const saving = AbortSignal.any([terminated, AbortSignal.timeout(saveAfterMs)]);
  const over = AbortSignal.timeout(Math.max(0, deadlineAt - now));

  const gateway = createGatewayClient({ ...access, runToken, signal: over });
  const events = createEventSender((batch) => gateway.sendEvents(batch));
  await using feed = startInboxFeed(gateway, { after: assignment.inboxAfter });
  events.send({ type: "phase", phase: "preparing" });

  const folders = await makeFolders(config.WORKSPACE_DIR);
  const git = createGit({ path: config.PATH, home: folders.gitHome });
  const { repository, branch } = assignment;
  const openWorkspace = async (signal: AbortSignal): Promise<WorkspaceOptions> => {
    const url = `${gatewayUrl}/git/${repository.owner}/${repository.name}.git`;
    const onTrying = () => events.send({ type: "notice", text: "The git host does not answer; trying again." });
    const vault = await createVault({ path: folders.vault, git, url, token: gitToken, signal: over, onTrying });
    signal.throwIfAborted();
    return {
      path: folders.repository,
      vault,
      git,
      branch,
      defaultBranch: repository.defaultBranch,
      webUrl: repository.webUrl,
      signal: over,
    };
  };
  const agent = composeAgent(config, { modelToken, home: folders.agentHome });
  await runSession({ assignment, gateway, events, feed, agent, openWorkspace, saving, logger: log });
}

function composeAgent(config: WorkerConfig, { modelToken, home }: { modelToken: Secret; home: string }) {
  return createClaudeAgent({
    binary: config.CLAUDE_CODE_PATH ?? findClaudeBinary(),
    baseUrl: `${config.GATEWAY_URL}/anthropic`,
    modelToken,
    home,
    path: config.PATH,
    dockerHost: config.DOCKER_HOST,
    isRoot: process.getuid?.() === 0,
    maxTurns: config.MAX_TURNS,
    maxBudgetUsd: config.MAX_BUDGET_USD,
  });
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
  for (const folder of Object.values(folders)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  return folders;
}

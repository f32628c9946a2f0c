import { createLogger, type Logger, type Secret } from "@peerbot/runtime/core";
import { loadClaudeSdk } from "./agent/waiting-claude.ts";
import { awaitDocker } from "./await-docker.ts";
import type { WorkerConfig } from "./config.ts";
import { createEventSender } from "./event-sender.ts";
import { createGatewayClient, FencedError, GatewayCallError } from "./gateway-client.ts";
import { startInboxFeed } from "./inbox-feed.ts";
import { type PreparedWorker, prepareWorker } from "./prepare-worker.ts";
import { runSession } from "./run-session.ts";
import { limitSaving, timeUntilSaving } from "./save-time.ts";
import { type TakenRun, takeRun } from "./take-run.ts";
import { waitForRun } from "./wait-for-run.ts";
import type { WorkspaceOptions } from "./workspace/prepare-workspace.ts";
import { openVault } from "./workspace/vault.ts";

/** The run's outcome is told. */
const EXIT_TOLD = 0;
/** Another worker has the run, or a newer run the session: there is nothing to tell. */
const EXIT_FENCED = 4;

/** How long a call to the gateway is tried again: longer than a deploy of it takes. */
const PATIENCE_MS = 5 * 60_000;

/** Loads what a run loads, and does nothing: Node can keep what it compiled of it for workers to come. */
export async function loadAll(): Promise<void> {
  await loadClaudeSdk();
}

/**
 * Does one run, if need be after waiting for one. Resolves to the exit code once its outcome is told, nobody waits for it
 * any more, or no run came.
 * @throws when the outcome could not be told
 */
export async function startWorker(config: WorkerConfig, { terminated }: { terminated: AbortSignal }): Promise<number> {
  const logger = createLogger({ service: "worker", level: config.LOG_LEVEL });
  try {
    const { START_TOKEN: startToken, STANDBY_TOKEN: standbyToken } = config;
    if (standbyToken !== undefined) await waitAndDoRun(standbyToken, config, terminated, logger);
    if (startToken !== undefined) await doRun(startToken, config, terminated, logger);
    return EXIT_TOLD;
  } catch (error) {
    const isTaken = error instanceof GatewayCallError && error.code === "start-token-used";
    if (!(error instanceof FencedError) && !isTaken) throw error;
    logger.warn({ code: error.code }, "run-fenced");
    return EXIT_FENCED;
  }
}

async function doRun(startToken: Secret, config: WorkerConfig, terminated: AbortSignal, logger: Logger): Promise<void> {
  logger.info("worker-up");
  const taking = takeRun({
    gatewayUrl: config.GATEWAY_URL,
    startToken,
    patienceMs: PATIENCE_MS,
    signal: terminated,
  });
  taking.catch(() => {}); // heard below
  await using worker = await prepareWorker(config);
  await carryOut(await taking, worker, { config, terminated, logger });
}

/** Gets ready as far as that goes without a session before it asks for one. */
async function waitAndDoRun(
  standbyToken: Secret,
  config: WorkerConfig,
  terminated: AbortSignal,
  logger: Logger,
): Promise<void> {
  await using worker = await prepareWorker(config, { isAhead: true });
  await worker.ready;
  logger.info("worker-waits");
  const { GATEWAY_URL: gatewayUrl } = config;
  const taken = await waitForRun({ gatewayUrl, standbyToken, patienceMs: PATIENCE_MS, signal: terminated });
  if (taken === "over") logger.info("no-run-came");
  else await carryOut(taken, worker, { config, terminated, logger });
}

/** Does the run with what was prepared for any. */
async function carryOut(
  { runToken, gitToken, modelToken, assignment }: TakenRun,
  { agent, door, git, folders }: PreparedWorker,
  { config, terminated, logger }: { config: WorkerConfig; terminated: AbortSignal; logger: Logger },
): Promise<void> {
  const log = logger.child({ session: assignment.sessionKey, epoch: assignment.epoch });
  log.info({ repository: `${assignment.repository.owner}/${assignment.repository.name}` }, "run-taken");
  door.open(modelToken);

  const now = Date.now();
  const { deadlineAt } = assignment;
  const saveAfterMs = timeUntilSaving({ now, deadlineAt, marginSeconds: config.SAVE_MARGIN_SECONDS });
  const saving = AbortSignal.any([terminated, AbortSignal.timeout(saveAfterMs)]);
  // Nothing that was asked for goes on once the run is left.
  const left = new AbortController();
  using _leaving = { [Symbol.dispose]: () => left.abort() };
  const over = AbortSignal.any([left.signal, AbortSignal.timeout(Math.max(0, deadlineAt - now))]);

  const limits = limitSaving({ saving, terminated, deadlineAt, graceMs: config.STOP_GRACE_SECONDS * 1_000 });
  const working = AbortSignal.any([over, limits.work]);

  const gatewayUrl = config.GATEWAY_URL;
  const reach = (signal: AbortSignal) => createGatewayClient({ gatewayUrl, patienceMs: PATIENCE_MS, runToken, signal });
  const { saveConversation } = reach(AbortSignal.any([over, limits.conversation]));
  const { openPullRequest } = reach(working);
  const gateway = { ...reach(over), saveConversation, openPullRequest };
  const events = createEventSender((batch) => gateway.sendEvents(batch));
  await using feed = startInboxFeed(gateway, { after: assignment.inboxAfter });
  events.send({ type: "phase", phase: "preparing" });

  const { repository, branch } = assignment;
  const url = `${gatewayUrl}/git/${repository.owner}/${repository.name}.git`;
  const onTrying = () => events.send({ type: "notice", text: "The git host does not answer; trying again." });
  const workspace: WorkspaceOptions = {
    path: folders.repository,
    vault: openVault({ path: folders.vault, git, url, token: gitToken, signal: working, onTrying }),
    git,
    branch,
    defaultBranch: repository.defaultBranch,
    webUrl: repository.webUrl,
    signal: working,
  };
  const docker =
    config.DOCKER_HOST === undefined
      ? undefined
      : awaitDocker({
          address: config.DOCKER_HOST,
          patienceMs: config.DOCKER_START_SECONDS * 1_000,
          tell: (text) => events.send({ type: "notice", text }),
          signal: AbortSignal.any([saving, over]),
        });
  await runSession({ assignment, gateway, events, feed, agent, docker, workspace, saving, logger: log });
}

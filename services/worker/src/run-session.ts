import type { Assignment, InboxEntry, Phase, RunFinished, Usage } from "@peerbot/contracts";
import { faultPoint, type Logger } from "@peerbot/runtime/core";
import type { Agent } from "./agent/agent.ts";
import { addUsage, NO_USAGE } from "./agent/usage-of-results.ts";
import { type DockerState, NO_DOCKER } from "./await-docker.ts";
import type { EventSender } from "./event-sender.ts";
import { FencedError, type GatewayClient } from "./gateway-client.ts";
import type { InboxFeed } from "./inbox-feed.ts";
import { INBOX_START, isAfter } from "./inbox-order.ts";
import { outcomeOf } from "./outcome-of.ts";
import { lastRetry, type Request, readRequests, requestsBefore, TRY_AGAIN } from "./read-requests.ts";
import { type Remembered, recall, remember } from "./remember.ts";
import { expectedIn, failureOf, publishWork, type SaveContext, saveWork } from "./save-work.ts";
import { takeTurn } from "./take-turn.ts";
import { prepareWorkspace, type WorkspaceOptions } from "./workspace/prepare-workspace.ts";
import { readGuidance } from "./workspace/read-guidance.ts";
import { writeBriefing, writeGuidance } from "./write-briefing.ts";

export interface SessionPorts {
  assignment: Assignment;
  gateway: GatewayClient;
  events: EventSender;
  feed: InboxFeed;
  agent: Agent;
  /** What becomes of the Docker daemon for the agent's commands; undefined when the run has none. */
  docker: Promise<DockerState> | undefined;
  /** Where the repository comes to. */
  workspace: WorkspaceOptions;
  /** Aborted when the work must be saved and the run ended: SIGTERM, or the deadline comes near. */
  saving: AbortSignal;
  logger: Logger;
}

/** One run from its first message to its told outcome. @throws FencedError, and whatever keeps it from telling */
export async function runSession(ports: SessionPorts): Promise<void> {
  const { gateway, events, logger } = ports;
  const run: Run = { handledThrough: ports.assignment.inboxAfter, given: new Set(), left: [], usage: NO_USAGE };
  let finished: RunFinished;
  do {
    finished = await attempt(ports, run);
    await events.flush();
    logger.info({ outcome: finished.outcome, failure: finished.failure?.code }, "turn-ended");
  } while (!(await finish(ports, run, finished, gateway)));
}

/** What a run carries from turn to turn. */
interface Run {
  handledThrough: string;
  given: Set<string>;
  /** Entries taken from the feed that no turn has dealt with. */
  left: InboxEntry[];
  place?: Place;
  lastFinished?: RunFinished;
  usage: Usage;
}

/** What a run works with, once it is all there. */
interface Place {
  context: SaveContext;
  remembered: Remembered;
  briefing: string;
  guidance: string | undefined;
  docker: DockerState | undefined;
}

/** One turn. Expected failures become its outcome. */
async function attempt(ports: SessionPorts, run: Run): Promise<RunFinished> {
  try {
    run.place ??= await prepare(ports);
    const entries = await nextEntries(ports, run);
    if (ports.saving.aborted) {
      run.left = entries;
      return run.lastFinished ?? endedEarly(ports);
    }
    return await work(ports, run, run.place, entries);
  } catch (error) {
    if (ports.saving.aborted && run.place === undefined && !(error instanceof FencedError)) {
      return endedEarly(ports);
    }
    const failure = failureOf(error);
    // What could not be begun is dealt with by this failure; “Try again” brings it back.
    run.left.push(...ports.feed.take());
    run.handledThrough = run.left.splice(0).at(-1)?.inboxId ?? run.handledThrough;
    return { type: "finished", outcome: "failed", failure, branch: ports.assignment.branch };
  }
}

/** Nothing was begun: what is in the inbox starts the next run. */
function endedEarly({ assignment }: SessionPorts): RunFinished {
  return { type: "finished", outcome: "saved", branch: assignment.branch };
}

async function prepare(ports: SessionPorts): Promise<Place> {
  const { assignment, gateway, agent, saving } = ports;
  enter(ports, "cloning");
  const briefing = writeBriefing(assignment, { hasDocker: ports.docker !== undefined });
  const recalling = recall(gateway, { agent: agent.name }).then((remembered) => {
    // The agent starts while the repository comes.
    agent.open({ memory: remembered.memory, briefing, model: assignment.model });
    return remembered;
  });
  recalling.catch(() => {}); // heard below, unless the repository fails first
  const options = ports.workspace;
  const workspace = await prepareWorkspace({ ...options, signal: saving });
  await faultPoint("worker.after-clone");
  enter(ports, "restoring");
  const [remembered, guidance, docker] = await Promise.all([recalling, readGuidance(workspace.path), ports.docker]);
  return {
    context: { assignment, workspace, options, report: (event) => ports.events.send(event) },
    remembered,
    briefing,
    guidance: guidance === undefined ? undefined : writeGuidance(guidance),
    docker,
  };
}

/** Entries there is to do something about. The first may be on their way still. */
async function nextEntries({ feed, saving, events }: SessionPorts, run: Run): Promise<InboxEntry[]> {
  if (run.left.length === 0) {
    const patience = AbortSignal.any([saving, AbortSignal.timeout(10_000)]);
    await Promise.race([feed.arrival(patience), events.failed]);
  }
  return [...run.left.splice(0), ...feed.take()];
}

async function work(
  ports: SessionPorts,
  run: Run,
  { context, remembered, briefing, guidance, docker }: Place,
  entries: readonly InboxEntry[],
): Promise<RunFinished> {
  const { assignment, gateway, events, feed, agent, saving } = ports;
  const base = { type: "finished", branch: assignment.branch } as const;
  run.handledThrough = entries.at(-1)?.inboxId ?? run.handledThrough;
  const fresh = entries.filter(({ inboxId }) => isAfter(inboxId, remembered.handledThrough));
  if (fresh.length < entries.length) {
    // A run before this one dealt with them and died before it could tell.
    const ids = entries.flatMap((entry) => (fresh.includes(entry) ? [] : [entry.message.id]));
    for (const id of ids) run.given.add(id);
    events.send({ type: "messages-taken", ids });
    if (fresh.length === 0) return run.lastFinished ?? remembered.finished ?? { ...base, outcome: "no-changes" };
  }
  const unfinished = await unfinishedRequests(ports, remembered, fresh);
  const requests = readRequests(fresh, { given: run.given, unfinished });
  if (requests.withdrawn.length > 0) events.send({ type: "messages-taken", ids: requests.withdrawn });
  if (requests.list.length === 0) {
    // Stop came when there was nothing left to stop: what was done before stays the outcome.
    return run.lastFinished ?? { ...base, outcome: requests.isStopped ? "stopped" : "no-changes" };
  }

  enter(ports, "working");
  const turn = await takeTurn(
    { requests: askedAgain(requests.list, fresh, remembered), handledThrough: run.handledThrough },
    {
      startTurn: ({ prompt }) =>
        agent.startTurn({
          prompt: docker === "absent" ? `${NO_DOCKER}\n\n${prompt}` : prompt,
          memory: remembered.memory,
          briefing,
          guidance,
          model: assignment.model,
          onEvent: (event) => events.send(event),
        }),
      feed,
      given: run.given,
      onTaken: (ids) => events.send({ type: "messages-taken", ids }),
      saving,
      broken: Promise.race([events.failed, feed.failed]),
    },
  );
  run.handledThrough = turn.handledThrough;
  run.left = turn.left;
  run.usage = addUsage(run.usage, turn.result.usage);

  await faultPoint("worker.after-turn");

  const request = turn.words.join("\n\n");
  const saved = await saveWork(context, { request, publishedCommit: remembered.publishedCommit });
  const outcome = outcomeOf({ turn, saved, isSaving: saving.aborted });
  const isPublished = outcome.outcome === "completed";
  const pullRequest = isPublished
    ? await publishWork(context, { gateway, request, answer: turn.result.answer })
    : undefined;
  await faultPoint("worker.after-pull-request");
  const { commit, changes, failure } = saved;
  run.lastFinished = {
    ...base,
    ...outcome,
    ...(commit === undefined ? {} : { commit }),
    ...(changes === undefined ? {} : { changes }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    usage: run.usage,
  };
  // While this phase lasts, what was to be delivered is shown as delivered.
  if (failure === undefined) enter(ports, "saving");
  await keepConversation(ports, run, remembered, {
    finished: run.lastFinished,
    isDealtWith: failure === undefined && (turn.result.status === "completed" || turn.isStopped),
    publishedCommit: pullRequest === undefined ? remembered.publishedCommit : commit?.sha,
  });
  return run.lastFinished;
}

/** An agent that remembers having begun with this must know that it is asked to do it once more, not twice. */
function askedAgain(
  [first, ...others]: readonly Request[],
  [entry]: readonly InboxEntry[],
  { askedThrough }: Remembered,
): Request[] {
  if (first === undefined || entry === undefined) return [];
  const isKnown = askedThrough !== undefined && !isAfter(entry.inboxId, askedThrough);
  const isSaid = first.text.startsWith(TRY_AGAIN);
  return [isKnown && !isSaid ? { ...first, text: `${TRY_AGAIN}\n\n${first.text}` } : first, ...others];
}

/** What a failed run was asked, for “Try again”: what stands in the inbox and not in the conversation. */
async function unfinishedRequests(
  { gateway }: SessionPorts,
  { handledThrough }: Remembered,
  entries: readonly InboxEntry[],
): Promise<Request[]> {
  const retry = lastRetry(entries);
  if (retry === undefined) return [];
  const page = await gateway.inbox({ after: handledThrough ?? INBOX_START, waitSeconds: 0 });
  return requestsBefore(page.entries, retry.inboxId);
}

/**
 * A turn that failed, or whose work did not get to its branch, is remembered, but its request counts as not dealt with:
 * “Try again” asks it again.
 */
async function keepConversation(
  ports: SessionPorts,
  run: Run,
  remembered: Remembered,
  {
    finished,
    isDealtWith,
    publishedCommit,
  }: { finished: RunFinished; isDealtWith: boolean; publishedCommit: string | undefined },
) {
  const { assignment, gateway, agent, events } = ports;
  const handledThrough = isDealtWith ? run.handledThrough : (remembered.handledThrough ?? assignment.inboxAfter);
  const askedThrough = run.handledThrough;
  const kept = {
    assignment,
    agent: agent.name,
    handledThrough,
    askedThrough,
    finished,
    publishedCommit,
    now: Date.now(),
  };
  try {
    await faultPoint("worker.before-save");
    await remember(gateway, remembered, kept);
    await faultPoint("worker.after-save");
  } catch (error) {
    const { message } = expectedIn(error);
    const text = `Our conversation could not be saved (${message}): the next reply meets me as I was before this one.`;
    events.send({ type: "notice", text });
  }
}

/** True when the run is over; false when there is more to do. */
async function finish(
  { saving, events }: SessionPorts,
  { handledThrough }: Run,
  event: RunFinished,
  gateway: GatewayClient,
): Promise<boolean> {
  await faultPoint("worker.before-finish");
  const status = await gateway.finish({ event, handledThrough, isForced: saving.aborted });
  await faultPoint("worker.after-finish");
  if (status === "finished") return true;
  if (event.failure !== undefined) events.send({ type: "notice", text: event.failure.message });
  return false;
}

function enter({ events, logger }: SessionPorts, phase: Phase): void {
  logger.info({ phase }, "phase");
  events.send({ type: "phase", phase });
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sessionKeyOf } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { type ChaosSandbox, createChaosSandbox } from "../chaos/chaos-sandbox.ts";
import { findViolations } from "../chaos/find-violations.ts";
import type { Observation, Violation } from "../chaos/observation.ts";
import { observe } from "../chaos/observe.ts";
import { USERS } from "../chaos/plan-chaos.ts";
import type { PlayedSession } from "../chaos/play-session.ts";
import { readRounds } from "../chaos/read-rounds.ts";
import { fileOf, type Marker, markerOf, SECOND_REPLY, WORDS, wordsIn } from "../chaos/request-text.ts";
import { settle } from "../chaos/settle.ts";
import { type RedisWatch, watchRedis } from "../chaos/watch-redis.ts";
import { DEPLOYED, type ReplicatedStack, startReplicatedStack } from "./replicated-stack.ts";

export interface Rollout {
  sessions: number;
  runner: "process" | "kubernetes";
  /** How many workers wait for a run, before and after. */
  warmWorkers: number;
  /** For everything that is kept; must be empty. */
  dataDir: string;
  /** How long the sessions may take to begin, and afterwards to end. */
  patienceMs: number;
  report: (message: string) => void;
}

export interface RolloutResult {
  /** Sessions whose run had begun and not ended, before and after all services were replaced. */
  live: { before: number; after: number };
  /** How long replacing took. */
  rolloutMs: number;
  observation: Observation;
  violations: Violation[];
}

const SETTINGS = {
  RATE_LIMIT_MAX: "1000",
  SESSION_TIMEOUT_SECONDS: "900",
  STOP_GRACE_SECONDS: "15",
  // The limits of Slack hold, in a workspace that is allowed more: they are not what is tried here.
  SLACK_PACE: "1000",
  SLACK_RATE_LIMIT_PERCENT: "1200",
};

/** So many workers start at once at most: each takes seconds of processor time, and a machine may have little. */
const MAX_STARTING = 3;

/** Something that a waiting worker of the version before does not know. */
const NEXT_VERSION = { LOG_LEVEL: "debug" };

/** Begins sessions, replaces every process of every service while they run, lets them end and looks what was broken. */
export async function runRollout(rollout: Rollout): Promise<RolloutResult> {
  const { sessions, runner, warmWorkers, dataDir, patienceMs, report } = rollout;
  const settings = {
    ...SETTINGS,
    RUNNER: runner,
    MAX_CONCURRENT_RUNS: String(sessions),
    WARM_WORKERS: String(warmWorkers),
  };
  await using stack = await startReplicatedStack({ dataDir, settings, replicas: 2 });
  const sandbox = createChaosSandbox(stack.plan.sandboxUrl ?? "");
  await using watch = watchRedis(stack.redis);
  const over = join(dataDir, "rollout-is-over");

  const played = await beginSessions(sessions, over, sandbox, patienceMs);
  await until(async () => (await liveOf(played, sandbox)).length === sessions, {
    what: "every session to be at work",
    timeoutMs: patienceMs,
  });
  const outdated = await waitingWorkers(watch, warmWorkers, patienceMs);
  report(`${sessions} sessions are at work; every service is replaced now.`);

  const startedAt = performance.now();
  await rollAll(stack, played, sandbox, report);
  const rolloutMs = Math.round(performance.now() - startedAt);
  const after = (await liveOf(played, sandbox)).length;
  await writeFile(over, "");
  report(`Replaced in ${Math.round(rolloutMs / 1000)} s, ${after} sessions still at work; waiting for their ends.`);

  const { runsDir, folderNamesOf } = stack;
  // Nobody is to be asked to go on after standing still.
  const replicas = { ingress: [], launcher: [], gateway: [], streamer: [] };
  const ports = { sandbox, watch, chaos: { runsDir, workerFolders: [runsDir], folderNamesOf, replicas } };
  const isQuiet = await settle(played, ports, { timeoutMs: patienceMs, report });
  const observation = await observe(played, ports, { isQuiet });
  const current = await waitingWorkers(watch, warmWorkers, patienceMs);
  const kept = current.filter((name) => outdated.includes(name));
  const violations = [
    ...findViolations(observation),
    ...interruptionsIn(observation),
    ...kept.map(
      (where): Violation => ({ promise: "nothing-left-behind", where, evidence: "it waits as an old version" }),
    ),
  ];
  return { live: { before: sessions, after }, rolloutMs, observation, violations };
}

/** Waits until as many workers wait as are to. */
async function waitingWorkers(watch: RedisWatch, count: number, timeoutMs: number): Promise<string[]> {
  let waiting: string[] = [];
  const areThere = async () => {
    waiting = await watch.waitingWorkers();
    return waiting.length === count;
  };
  await until(areThere, { what: `${count} workers to wait for a run`, timeoutMs });
  return waiting;
}

/** Half of them talk all the time, the others wait in a command; none ends before the rollout is over. */
async function beginSessions(
  count: number,
  over: string,
  sandbox: ChaosSandbox,
  timeoutMs: number,
): Promise<PlayedSession[]> {
  const { team, channels } = await sandbox.state();
  const played: PlayedSession[] = [];
  for (let index = 0; index < count; index += 1) {
    const isThereRoom = async () => (await liveOf(played, sandbox)).length > index - MAX_STARTING;
    await until(isThereRoom, { what: `all but ${MAX_STARTING} sessions to be at work`, timeoutMs, everyMs: 200 });
    const user = USERS[index % USERS.length] ?? "";
    const marker = markerOf(index, 0);
    const text = `@peerbot please\n${slowRequest(marker, { over, paceMs: index % 2 === 0 ? 1_500 : 100 })}`;
    const { ts, channel } = await sandbox.post({ user, channel: channels[0]?.name ?? "", text });
    const sessionKey = sessionKeyOf({ team: team.id, channel, threadTs: ts });
    played.push({ sessionKey, user, channel, threadTs: ts, asked: [{ marker, ts, expectation: "due" }] });
  }
  return played;
}

function slowRequest(marker: Marker, { over, paceMs }: { over: string; paceMs: number }): string {
  return [
    "script: quiet",
    `pace ${paceMs}`,
    `count ${marker} 1-${SECOND_REPLY - 1}`,
    `write ${fileOf(marker)} | ${marker}`,
    // The agent ends a command after two minutes.
    ...Array.from({ length: 5 }, () => `bash until test -e ${over}; do sleep 0.3; done`),
    "pace 50",
    `count ${marker} ${SECOND_REPLY}-${WORDS}`,
  ].join(" ;; ");
}

/** Replaces one service after the other; meanwhile people go on writing in a third of the threads. */
async function rollAll(
  stack: ReplicatedStack,
  played: readonly PlayedSession[],
  sandbox: ChaosSandbox,
  report: Rollout["report"],
): Promise<void> {
  for (const [step, name] of DEPLOYED.entries()) {
    const rolling = stack.roll(name, NEXT_VERSION);
    for (const [index, session] of played.entries()) {
      if (index % (DEPLOYED.length * 3) === step) await reply(session, index, sandbox);
    }
    await rolling;
    report(`  ${name} was replaced.`);
  }
}

async function reply(session: PlayedSession, index: number, sandbox: ChaosSandbox): Promise<void> {
  const marker = markerOf(index, 1);
  const text = ["script: quiet", "pace 50", `count ${marker} 1-${WORDS}`, `write ${fileOf(marker)} | ${marker}`];
  const { user, channel, threadTs, asked } = session;
  const { ts } = await sandbox.post({ user, channel, threadTs, text: text.join(" ;; ") });
  asked.push({ marker, ts, expectation: "due" });
}

/** Sessions that have said something and are not at their end. */
async function liveOf(played: readonly PlayedSession[], sandbox: ChaosSandbox): Promise<PlayedSession[]> {
  const live = await Promise.all(
    played.map(async ({ channel, threadTs }) => {
      const last = readRounds(await sandbox.thread(channel, threadTs)).at(-1);
      return last !== undefined && last.closing === undefined && wordsIn(last.tries.join(" ")).length > 0;
    }),
  );
  return played.filter((_, index) => live[index] === true);
}

/** A deploy is no reason to begin anew, to save and ask, or to fail. */
function interruptionsIn({ threads }: Observation): Violation[] {
  return threads.flatMap((thread) =>
    readRounds(thread).flatMap(({ closing, tries }): Violation[] => {
      const outcome = closing?.outcome ?? "none";
      if (["completed", "no-changes"].includes(outcome) && tries.length === 1) return [];
      const evidence = `a round took ${tries.length} tries and ended ${outcome}`;
      return [{ promise: "work-survives", where: `${thread.channel} ${thread.threadTs}`, evidence }];
    }),
  );
}

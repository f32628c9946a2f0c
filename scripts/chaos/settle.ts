import { setTimeout as pause } from "node:timers/promises";
import { leftoversOf, type ObservePorts } from "./observe.ts";
import { type PlayedSession, pressOn } from "./play-session.ts";
import { readRounds } from "./read-rounds.ts";

const LOOK_MS = 500;
/** Nothing has moved for so long that nothing will: longer than anybody's regular look for forgotten things. */
const STILL_MS = 4_000;
/** Whoever waits learns after this time what for. */
const TELL_EVERY_MS = 30_000;
/** How often a person presses Retry before giving up. */
const PATIENCE_ROUNDS = 8;

/** Waits until nothing moves, pressing Retry and Continue where threads offer it. False when the time was up before. */
export async function settle(
  sessions: readonly PlayedSession[],
  ports: ObservePorts,
  { timeoutMs, report }: { timeoutMs: number; report: (message: string) => void },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let round = 0; round < PATIENCE_ROUNDS; round += 1) {
    if (!(await untilStill(sessions, ports, { deadline, report }))) return false;
    let hasPressed = false;
    for (const session of sessions) {
      const thread = await ports.sandbox.thread(session.channel, session.threadTs);
      hasPressed = (await pressOn(session, thread, ports.sandbox)) || hasPressed;
    }
    if (!hasPressed) return true;
  }
  return true;
}

async function untilStill(
  sessions: readonly PlayedSession[],
  ports: ObservePorts,
  { deadline, report }: { deadline: number; report: (message: string) => void },
): Promise<boolean> {
  let stillSince = performance.now();
  let toldAt = stillSince;
  while (performance.now() < deadline) {
    const moving = await whatMoves(sessions, ports);
    const now = performance.now();
    if (moving !== undefined) stillSince = now;
    if (now - stillSince > STILL_MS) return true;
    if (moving !== undefined && now - toldAt > TELL_EVERY_MS) {
      report(`Not quiet yet: ${moving}`);
      toldAt = now;
    }
    await pause(LOOK_MS);
  }
  return false;
}

/** The first thing found that is not at its end, for people; undefined when all is. */
async function whatMoves(sessions: readonly PlayedSession[], ports: ObservePorts): Promise<string | undefined> {
  const { processes, jobs, keys, unsettled } = await leftoversOf(sessions, ports);
  const [left] = [...processes, ...jobs, ...keys, ...unsettled];
  if (left !== undefined) return left;
  const { deliveries } = await ports.sandbox.ledger();
  const pending = deliveries.find(({ status }) => status === "pending");
  if (pending !== undefined) return `delivery of ${pending.eventId}`;
  for (const { channel, threadTs } of sessions) {
    const last = readRounds(await ports.sandbox.thread(channel, threadTs)).at(-1);
    if (last?.closing === undefined) return `thread ${channel} ${threadTs}`;
  }
  return undefined;
}

import { setTimeout as pause } from "node:timers/promises";
import { leftoversOf, type ObservePorts } from "./observe.ts";
import { type PlayedSession, pressOn } from "./play-session.ts";
import { readRounds } from "./read-rounds.ts";

const LOOK_MS = 500;
/** Nothing has moved for so long that nothing will: longer than anybody's regular look for forgotten things. */
const STILL_MS = 4_000;
/** How often a person presses Retry before giving up. */
const PATIENCE_ROUNDS = 8;

/** Waits until nothing moves, pressing Retry and Continue where threads offer it. False when the time was up before. */
export async function settle(
  sessions: readonly PlayedSession[],
  ports: ObservePorts,
  { timeoutMs }: { timeoutMs: number },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let round = 0; round < PATIENCE_ROUNDS; round += 1) {
    if (!(await untilStill(sessions, ports, deadline))) return false;
    let hasPressed = false;
    for (const session of sessions) {
      const thread = await ports.sandbox.thread(session.channel, session.threadTs);
      hasPressed = (await pressOn(session, thread, ports.sandbox)) || hasPressed;
    }
    if (!hasPressed) return true;
  }
  return true;
}

async function untilStill(sessions: readonly PlayedSession[], ports: ObservePorts, deadline: number): Promise<boolean> {
  let stillSince = performance.now();
  while (performance.now() < deadline) {
    if (await isMoving(sessions, ports)) stillSince = performance.now();
    if (performance.now() - stillSince > STILL_MS) return true;
    await pause(LOOK_MS);
  }
  return false;
}

async function isMoving(sessions: readonly PlayedSession[], ports: ObservePorts): Promise<boolean> {
  const { processes, jobs, keys, unsettled } = await leftoversOf(sessions, ports);
  if ([...processes, ...jobs, ...keys, ...unsettled].length > 0) return true;
  const { deliveries } = await ports.sandbox.ledger();
  if (deliveries.some(({ status }) => status === "pending")) return true;
  for (const { channel, threadTs } of sessions) {
    const last = readRounds(await ports.sandbox.thread(channel, threadTs)).at(-1);
    if (last?.closing === undefined) return true;
  }
  return false;
}

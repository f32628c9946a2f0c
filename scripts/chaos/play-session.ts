import { setTimeout as pause } from "node:timers/promises";
import { SessionKey, sessionKeyOf } from "@peerbot/contracts";
import type { Thread } from "@peerbot/sandbox/control";
import type { ChaosSandbox } from "./chaos-sandbox.ts";
import type { AskedRequest } from "./observation.ts";
import type { Moment, SessionPlan, Step } from "./plan-chaos.ts";
import { partOf, readRounds } from "./read-rounds.ts";
import { WORDS, wordsIn } from "./request-text.ts";

/** One thread and what its people did in it. */
export interface PlayedSession {
  sessionKey: string;
  user: string;
  channel: string;
  threadTs: string;
  asked: AskedRequest[];
}

/** Nobody waits longer than this for something to happen in a thread before they go on. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

/** Does in Slack what the plan says. Undefined only for a plan without a mention. */
export async function playSession(
  plan: SessionPlan,
  sandbox: ChaosSandbox,
  team: string,
): Promise<PlayedSession | undefined> {
  let session: PlayedSession | undefined;
  let isToRefuse = false;
  for (const step of plan.steps) {
    if (step.do === "refuse" && session === undefined) {
      isToRefuse = true;
      continue;
    }
    if (session === undefined) {
      if (step.do !== "say") continue;
      session = await begin(plan, step, sandbox, team);
      if (isToRefuse) await refuseNext(session, sandbox);
      continue;
    }
    await untilMoment(step.when, session, sandbox);
    await pause(step.pauseMs);
    await doStep(step, session, sandbox);
  }
  return session;
}

async function begin(
  { user, channel }: SessionPlan,
  { marker, text, delivery }: Extract<Step, { do: "say" }>,
  sandbox: ChaosSandbox,
  team: string,
): Promise<PlayedSession> {
  const message = { user, channel, text: `@peerbot please\n${text}`, ...delivery };
  const { ts, channel: id } = await sandbox.post(message);
  const sessionKey = sessionKeyOf({ team, channel: id, threadTs: ts });
  return { sessionKey, user, channel: id, threadTs: ts, asked: [{ marker, ts, expectation: "due" }] };
}

async function doStep(step: Step, session: PlayedSession, sandbox: ChaosSandbox): Promise<void> {
  const { user, channel, threadTs, asked } = session;
  switch (step.do) {
    case "say": {
      const { marker, text, delivery } = step;
      const { ts } = await sandbox.post({ user, channel, threadTs, text, ...delivery });
      asked.push({ marker, ts, expectation: "due" });
      break;
    }
    case "edit": {
      const edited = asked.find(({ marker }) => marker === step.of);
      if (edited === undefined) return;
      const mention = edited.ts === threadTs ? "@peerbot please\n" : "";
      await sandbox.edit({ user, channel, ts: edited.ts, text: `${mention}${step.text}` });
      // The older words may have been read before they were replaced.
      for (const request of asked) if (request.ts === edited.ts) request.expectation = "optional";
      asked.push({ marker: step.marker, ts: edited.ts, expectation: "due" });
      break;
    }
    case "stop":
      await stop(step.how, session, sandbox);
      break;
    case "refuse":
      await refuseNext(session, sandbox);
      break;
    default:
      step satisfies never;
  }
}

/** Whatever was asked before a Stop may stay undone; what had been answered stays answered. */
async function stop(how: "button" | "word", session: PlayedSession, sandbox: ChaosSandbox): Promise<void> {
  const { user, channel, threadTs, asked } = session;
  const thread = await sandbox.thread(channel, threadTs);
  const opening = thread.messages.findLast((message) => partOf(message)?.part === "opening");
  const isOffered = opening !== undefined && JSON.stringify(opening.blocks).includes('"action_id":"stop"');
  if (!isOffered) return;
  for (const request of asked) request.expectation = "optional";
  if (how === "word") await sandbox.post({ user, channel, threadTs, text: "stop" });
  else await press(session, { messageTs: opening.ts, actionId: "stop" }, sandbox);
}

/** Slack does not repeat a press of a button that nobody took: a person sees a sign of that, and presses again. */
async function press(
  { user, channel }: PlayedSession,
  button: { messageTs: string; actionId: string },
  sandbox: ChaosSandbox,
): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      const { deliveries } = await sandbox.press({ user, channel, ...button });
      if (deliveries.every(({ status }) => status === "accepted")) return;
    } catch {
      return; // The button is gone: what it offered is not possible any more.
    }
    await pause(1_000);
  }
}

async function refuseNext({ sessionKey }: PlayedSession, sandbox: ChaosSandbox): Promise<void> {
  await sandbox.inject({ standIn: "claude", kind: "status", status: 400, sessionKey });
}

async function untilMoment(moment: Moment, session: PlayedSession, sandbox: ChaosSandbox): Promise<void> {
  if (moment === "at-once") return;
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const thread = await sandbox.thread(session.channel, session.threadTs);
    if (isMoment(moment, thread, session)) return;
    if (moment === "after-end") await pressOn(session, thread, sandbox);
    await pause(LOOK_MS);
  }
}

function isMoment(moment: Exclude<Moment, "at-once">, thread: Thread, { asked }: PlayedSession): boolean {
  const rounds = readRounds(thread);
  const last = rounds.at(-1);
  const lastAsked = asked.at(-1);
  if (last === undefined || lastAsked === undefined) return false;
  const isOver = last.closing !== undefined && last.closing.message.ts > lastAsked.ts;
  switch (moment) {
    case "while-running":
      return isOver || (last.closing === undefined && last.tries.join("").trim() !== "");
    case "as-it-ends":
      return isOver || wordsIn(last.tries.at(-1) ?? "").some(({ number }) => number === WORDS);
    case "after-end":
      return isOver && buttonOf(last.closing?.outcome) === undefined;
    default:
      return moment satisfies never;
  }
}

function buttonOf(outcome: string | undefined): "retry" | "continue" | undefined {
  if (outcome === "failed") return "retry";
  return outcome === "saved" ? "continue" : undefined;
}

/** Presses Retry or Continue when the thread's last word offers it. True when there was something to press. */
export async function pressOn(session: PlayedSession, thread: Thread, sandbox: ChaosSandbox): Promise<boolean> {
  const last = readRounds(thread).at(-1);
  const actionId = buttonOf(last?.closing?.outcome);
  if (last?.closing === undefined || actionId === undefined) return false;
  await press(session, { messageTs: last.closing.message.ts, actionId }, sandbox);
  await pause(1_000);
  return true;
}

/** The session's key as the libraries take it. */
export function keyOf({ sessionKey }: Pick<PlayedSession, "sessionKey">): SessionKey {
  return SessionKey.parse(sessionKey);
}

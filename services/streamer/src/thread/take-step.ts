import { randomUUID } from "node:crypto";
import { faultPoint } from "@peerbot/runtime";
import type { SlackFailure } from "@peerbot/slack";
import { confirm } from "../plan/confirm.ts";
import { methodOf, type Operation } from "../plan/operation.ts";
import { postOf } from "../plan/plan-thread.ts";
import { doubt, intend, type RecordContext, withdraw } from "../plan/record.ts";
import { refuse } from "../plan/refuse.ts";
import { sentRoundOf } from "../plan/sent-thread.ts";
import { findInThread, knownTs } from "./find-in-thread.ts";
import { perform, postedTs } from "./perform.ts";
import { abandonRounds } from "./refresh-view.ts";
import type { OwnedThread, ThreadPorts } from "./thread-ports.ts";
import { LeaseLostError } from "./thread-store.ts";

const LAST_RETRY_MS = 30_000;

type CallResult = { ok: true; ts: string | undefined } | { ok: false; failure: SlackFailure };

/** Stores the intention, makes the call, stores what came of it. @throws LeaseLostError before the call is made */
export async function takeStep(ports: ThreadPorts, owned: OwnedThread, operation: Operation): Promise<void> {
  const context = recordContext(ports, owned);
  const before = owned.sent;
  owned.sent = intend(before, operation, context);
  await ports.store.save(owned.key, owned.token, owned.sent === before ? {} : { sent: owned.sent });

  const result = await breakable(operation, async () => {
    // Slack compares no lease: a process that stood still since the save above must not speak any more.
    if (!owned.isHeld()) throw new LeaseLostError(owned.key);
    return call(ports, owned, operation);
  });
  if (result.ok) {
    owned.sent = confirm(owned.sent, operation, { roundId: context.roundId, now: Date.now(), ts: result.ts });
    owned.retryMs = ports.timing.firstRetryMs;
    observe(ports, owned, operation);
  } else {
    await settleFailure(ports, owned, operation, result.failure, context.roundId);
  }
  await ports.store.save(owned.key, owned.token, { sent: owned.sent });
}

/** With the points at which tests may end the process: what Slack did must be found out by the next one. */
async function breakable<Result>(operation: Operation, work: () => Promise<Result>): Promise<Result> {
  const verb = VERBS[operation.kind];
  if (verb === undefined) return work();
  await faultPoint(`streamer.before-${verb}`);
  const result = await work();
  await faultPoint(`streamer.after-${verb}`);
  return result;
}

const VERBS: Partial<Record<Operation["kind"], "post" | "append" | "edit">> = {
  post: "post",
  start: "post",
  "post-progress": "post",
  append: "append",
  edit: "edit",
  "edit-progress": "edit",
};

async function call(ports: ThreadPorts, owned: OwnedThread, operation: Operation): Promise<CallResult> {
  const { thread, key, view, sent } = owned;
  const round = view.rounds[0];
  const told = round === undefined ? undefined : sentRoundOf(sent, round.id);
  if (operation.kind !== "find") {
    const result = await perform(ports.slack, operation, { thread, sessionKey: key, round, told });
    return result.ok ? { ok: true, ts: postedTs(result.answer) } : result;
  }
  const { part } = operation;
  const post = told === undefined ? undefined : postOf(told, part);
  if (told === undefined || post === undefined) return { ok: true, ts: undefined };
  const isStream = typeof part === "object" && told.progress[part.progress]?.mode === "stream";
  const found = await findInThread(ports.slack, { thread, post, told, isStream });
  if (found.ok) ports.log.readBack(key, { part: JSON.stringify(part), isThere: found.ts !== undefined });
  return found;
}

async function settleFailure(
  ports: ThreadPorts,
  owned: OwnedThread,
  operation: Operation,
  failure: SlackFailure,
  roundId: number,
): Promise<void> {
  const { team, channel } = owned.thread;
  switch (failure.kind) {
    case "rate-limited":
      owned.sent = withdraw(owned.sent, operation);
      return ports.pacer.pause({ team, channel, method: methodOf(operation) }, failure.retryAfterMs);
    case "refused":
      return settleRefusal(ports, owned, operation, failure.code, roundId);
    case "unwell":
      owned.sent = withdraw(owned.sent, operation);
      return rest(ports, owned, operation, failure);
    case "unknown":
      // What was intended stays intended: the next plan finds it in doubt and reads the thread back.
      owned.sent = doubt(owned.sent, operation, Date.now() + (failure.isOver ? 0 : ports.timing.lateEffectMs));
      return rest(ports, owned, operation, failure);
    default:
      return failure satisfies never;
  }
}

async function settleRefusal(
  ports: ThreadPorts,
  owned: OwnedThread,
  operation: Operation,
  code: string,
  roundId: number,
): Promise<void> {
  const refusal = refuse(owned.sent, operation, code, roundId);
  if (refusal.kind === "give-up") {
    ports.log.threadGivenUp(owned.key, code);
    ports.metrics.threadsGivenUp.inc({ code });
    return abandonRounds(ports, owned);
  }
  // A sign that is there already, or on a message that is gone, is not worth a line.
  if (operation.kind !== "react") ports.log.callRefused(owned.key, { operation: operation.kind, code });
  owned.sent = refusal.sent;
  if (refusal.kind === "go-without" && ports.features.has(refusal.feature)) {
    ports.features.lose(refusal.feature);
    ports.log.goneWithout(refusal.feature, code);
  }
}

/** Longer after each failure. */
async function rest(
  ports: ThreadPorts,
  owned: OwnedThread,
  operation: Operation,
  failure: SlackFailure,
): Promise<void> {
  ports.log.callFailed(owned.key, { operation: operation.kind, failure });
  const jitter = 0.75 + Math.random() / 2;
  await new Promise<void>((resolve) => {
    const leave = () => {
      clearTimeout(timer);
      owned.signal.removeEventListener("abort", leave);
      resolve();
    };
    const timer = setTimeout(leave, owned.retryMs * jitter);
    owned.signal.addEventListener("abort", leave);
    if (owned.signal.aborted) leave();
  });
  owned.retryMs = Math.min(owned.retryMs * 2, LAST_RETRY_MS);
}

function recordContext({ timing }: ThreadPorts, { view, sent }: OwnedThread): RecordContext {
  const round = view.rounds[0];
  const known = round === undefined ? [] : knownTs(sentRoundOf(sent, round.id));
  const afterTs = [round?.lastSaidTs ?? "", ...known].reduce((a, b) => (b > a ? b : a), "");
  const now = Date.now();
  const settledAt = now + timing.longestCallMs + timing.lateEffectMs;
  return { roundId: round?.id ?? 0, intent: randomUUID(), afterTs, now, settledAt };
}

function observe({ metrics }: ThreadPorts, { view }: OwnedThread, operation: Operation): void {
  const round = view.rounds[0];
  if (round === undefined || operation.kind !== "post") return;
  const histogram = operation.part === "opening" ? metrics.firstSign : metrics.finalState;
  histogram.observe((Date.now() - round.beganAt) / 1000);
}

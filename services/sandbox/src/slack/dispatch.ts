import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { LedgerDelivery } from "../control/api.ts";
import { eventEnvelope, type Told } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { isAccepted, type Outcome, type Push, type Transport } from "./transport.ts";
import type { Workspace } from "./workspace.ts";

/** Slack repeats a refused event at once, after one minute and after five. */
export const RETRY_DELAYS_MS = [0, 60_000, 300_000];

export interface DispatchOptions {
  workspace: Workspace;
  transport: Transport;
  ledger: Ledger;
  /** One repetition per entry, in milliseconds after the last attempt. */
  retryDelaysMs: readonly number[];
  /** Event types the app subscribed to; all others are not sent. */
  subscriptions: ReadonlySet<string>;
}

export interface TellOptions {
  /** How often each event is delivered once more, although it was accepted. */
  duplicates?: number;
  /** Milliseconds before each of them. */
  duplicateDelayMs?: number;
  /** Milliseconds before the first attempt. */
  delayMs?: number;
}

export interface Delivery {
  /** Updated as attempts go on. */
  entry: LedgerDelivery;
  /** Resolves when the first attempt of the last duplicate was answered or given up. */
  firstAttempts: Promise<void>;
}

export interface Interaction {
  label: string;
  channel: string | null;
  threadTs: string | null;
}

export interface Dispatch extends AsyncDisposable {
  /** Sends each event with Slack's retries; returns at once. */
  tell(told: readonly Told[], options?: TellOptions): Delivery[];
  /** Sends an interaction or command once; Slack does not repeat these. */
  interact(push: Push, interaction: Interaction): Promise<{ entry: LedgerDelivery; outcome: Outcome }>;
  isSubscribed(label: string): boolean;
}

export function createDispatch(options: DispatchOptions): Dispatch {
  const { workspace, transport, ledger, retryDelaysMs, subscriptions } = options;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  const attempt = async (push: Push, entry: LedgerDelivery, retry: Parameters<Transport["send"]>[1]) => {
    entry.attempts += 1;
    const outcome = await transport.send(push, retry);
    entry.statuses.push(outcome.status);
    return outcome;
  };

  /** Repeats until accepted, told to stop, or out of attempts. */
  const repeat = async (push: Push, entry: LedgerDelivery, first: Outcome) => {
    let last = first;
    for (const [index, delayMs] of retryDelaysMs.entries()) {
      if (isAccepted(last) || last.isFinal) break;
      await wait(delayMs, undefined, { signal: stopping.signal, ref: false });
      last = await attempt(push, entry, { attempt: index + 1, reason: last.reason });
    }
    entry.status = isAccepted(last) ? "accepted" : "failed";
  };

  const deliver = (told: Told, { duplicates = 0, duplicateDelayMs = 0, delayMs = 0 }: TellOptions): Delivery => {
    const eventId = `Ev${randomBytes(6).toString("hex").toUpperCase()}`;
    const push: Push = { kind: "events_api", payload: eventEnvelope(told, eventId, workspace) };
    const entry = ledger.recordDelivery(newEntry(eventId, told, workspace.now()));
    const { promise: firstAttempts, resolve } = Promise.withResolvers<void>();
    const work = async () => {
      if (delayMs > 0) await wait(delayMs, undefined, { signal: stopping.signal, ref: false });
      const first = await attempt(push, entry, null);
      if (isAccepted(first)) entry.status = "accepted";
      for (let copy = 1; copy <= duplicates; copy += 1) {
        if (duplicateDelayMs > 0) await wait(duplicateDelayMs, undefined, { signal: stopping.signal, ref: false });
        await attempt(push, entry, { attempt: copy, reason: "http_timeout" });
      }
      resolve();
      await repeat(push, entry, first);
    };
    // Only stopping interrupts this work: transports report failures as outcomes.
    const task = work()
      .catch(() => {})
      .finally(() => {
        resolve();
        running.delete(task);
      });
    running.add(task);
    return { entry, firstAttempts };
  };

  return {
    isSubscribed: (label) => subscriptions.has(label),
    tell: (told, tellOptions = {}) =>
      told.filter(({ label }) => subscriptions.has(label)).map((each) => deliver(each, tellOptions)),
    async interact(push, interaction) {
      const entry = ledger.recordDelivery(
        newEntry(`In${randomBytes(6).toString("hex")}`, interaction, workspace.now()),
      );
      const outcome = await attempt(push, entry, null);
      entry.status = isAccepted(outcome) ? "accepted" : "failed";
      return { entry, outcome };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function newEntry(eventId: string, { label, channel, threadTs }: Interaction, at: number): LedgerDelivery {
  return { eventId, type: label, at, attempts: 0, statuses: [], status: "pending", channel, threadTs };
}

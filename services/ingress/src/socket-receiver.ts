import { setTimeout as sleep } from "node:timers/promises";
import { AppError, faultPoint } from "@peerbot/runtime";
import type { BusinessEvents } from "./business-events.ts";
import type { Deliver } from "./deliver.ts";
import type { IngressReceiver } from "./ingress-receiver.ts";
import { refusalOf, SlackRefusedError } from "./slack-refusal.ts";
import { type Envelope, openSocket, type SocketOptions } from "./slack-socket.ts";

export interface SocketReceiverOptions extends Omit<SocketOptions, "onEnvelope" | "onUnreadable"> {
  deliver: Deliver;
  log: BusinessEvents;
}

const LONGEST_PAUSE_MS = 30_000;
/** A connection that lived longer than this was a good one: Slack renews them, and the next is opened at once. */
const GOOD_LIFE_MS = 10_000;

/**
 * Receives Slack's deliveries over Socket Mode and acknowledges each only after it is durable; one without an
 * acknowledgement Slack sends again. The reconnecting is ours: the client's own waits 5 seconds after a routine renewal
 * and ends the process by an unhandled rejection when the token was revoked.
 */
export function createSocketReceiver(options: SocketReceiverOptions): IngressReceiver {
  const { log, deliver } = options;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {}); // Whoever cares awaits `failed`; nobody else is to meet an unhandled rejection.
  let isConnected = false;
  let life: Promise<void> = Promise.resolve();

  const onEnvelope = (envelope: Envelope) => {
    if (stopping.signal.aborted) return;
    const work = receive(envelope, deliver, log).finally(() => underWay.delete(work));
    underWay.add(work);
  };

  async function liveOnce(): Promise<void> {
    await using socket = await openSocket({ ...options, onEnvelope, onUnreadable: log.frameUnreadable });
    log.socketConnected();
    isConnected = true;
    await Promise.race([socket.ended, aborted(stopping.signal)]);
    isConnected = false;
    await Promise.allSettled(stopping.signal.aborted ? underWay : []);
  }

  async function live(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const openedAt = performance.now();
      let reason: unknown;
      try {
        await liveOnce();
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== undefined) throw new SlackRefusedError("SLACK_APP_TOKEN", refusal, error);
        reason = error;
      }
      failures = performance.now() - openedAt > GOOD_LIFE_MS && reason === undefined ? 0 : failures + 1;
      const pause = failures === 0 ? 0 : Math.min(250 * 2 ** failures, LONGEST_PAUSE_MS);
      if (stopping.signal.aborted) return;
      if (reason === undefined) log.socketEnded(pause);
      else log.socketFailed(reason, pause);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {}); // Aborted: the loop ends.
    }
  }

  return {
    init: () => {},
    // Does not wait for the first connection: Slack may be away for long.
    start: async () => {
      life = live().catch((error) => {
        log.socketRefused(error);
        fail(error);
      });
    },
    stop: async () => {
      stopping.abort();
      await life;
    },
    port: undefined,
    checkReady: () => {
      if (isConnected) return;
      throw new AppError("the Socket Mode connection does not stand", { code: "slack-socket-away", retryable: true });
    },
    failed,
  };
}

/** Never rejects: the socket's emitter would leave a rejection unhandled, which ends the process. */
async function receive({ body, retry, acknowledge }: Envelope, deliver: Deliver, log: BusinessEvents): Promise<void> {
  try {
    await deliver(body, retry);
  } catch {
    return; // Already logged. No acknowledgement: Slack sends it again.
  }
  await faultPoint("ingress.before-ack");
  try {
    await acknowledge();
  } catch (error) {
    log.acknowledgementLost(error);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

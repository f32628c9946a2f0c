import type { Receiver } from "@slack/bolt";

/** One of the two ways by which Slack's deliveries come in. */
export interface IngressReceiver extends Receiver {
  start(): Promise<void>;
  /** Takes nothing more and waits for what is under way. */
  stop(): Promise<void>;
  /** Where it listens, if it listens. */
  readonly port: number | undefined;
  /** @throws with the reason when Slack cannot reach it now. */
  checkReady(): void;
  /** Rejects when it can never work again. */
  readonly failed: Promise<never>;
}

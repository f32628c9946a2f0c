import type { ConversationStore } from "@peerbot/conversation-store";
import type { Redis } from "ioredis";

/** Asking the store costs money with every question; a good answer holds this long. */
const STORE_ANSWER_HOLDS_MS = 60_000;
const STORE_TIMEOUT_MS = 3_000;

export interface ReadinessPorts {
  redis: Pick<Redis, "ping">;
  conversations: Pick<ConversationStore, "checkReady">;
}

/**
 * Ready means that runs can be served: Redis and the conversations answer. GitHub and the Claude API are not asked: an
 * outage of theirs would take every replica away at once, and inbox and events with them.
 */
export function readinessCheck({ redis, conversations }: ReadinessPorts): () => Promise<void> {
  let storeAnsweredAt = Number.NEGATIVE_INFINITY;
  return async () => {
    await redis.ping();
    if (performance.now() - storeAnsweredAt < STORE_ANSWER_HOLDS_MS) return;
    await withinTime(conversations.checkReady());
    storeAnsweredAt = performance.now();
  };
}

async function withinTime(answer: Promise<void>): Promise<void> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the conversation store does not answer")), STORE_TIMEOUT_MS);
  try {
    await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

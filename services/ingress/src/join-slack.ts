import { AppError } from "@peerbot/runtime";
import type { WebClient } from "@slack/web-api";
import { type BotIdentity, identifyBot } from "./bot-identity.ts";
import type { BusinessEvents } from "./business-events.ts";

export interface JoinOptions {
  client: WebClient;
  log: BusinessEvents;
  /** Starts what needs to know who we are; what it puts on the stack is disposed with the membership. */
  start: (identity: BotIdentity, running: AsyncDisposableStack) => Promise<void>;
}

/** Our place in the workspace, which Slack has to confirm first. */
export interface SlackMembership extends AsyncDisposable {
  /** @throws while Slack has not confirmed it. */
  identity(): BotIdentity;
  /** Rejects when Slack does not want the bot token, or what was to be started did not start. */
  readonly failed: Promise<never>;
}

/** Does not wait for Slack: until it has answered, deliveries are to be sent again. */
export function joinSlack({ client, log, start }: JoinOptions): SlackMembership {
  const stopping = new AbortController();
  const running = new AsyncDisposableStack();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {}); // Whoever cares awaits `failed`; nobody else is to meet an unhandled rejection.
  let known: BotIdentity | undefined;

  const joining = join().catch((error) => {
    if (!stopping.signal.aborted) fail(error);
  });

  async function join(): Promise<void> {
    const identity = await identifyBot({ client, signal: stopping.signal, onFailure: log.notIdentified });
    log.identified(identity);
    known = identity;
    await start(identity, running);
  }

  return {
    identity: () => {
      if (known !== undefined) return known;
      throw new AppError("Slack has not yet said who the bot is (auth.test)", {
        code: "slack-not-answering",
        retryable: true,
      });
    },
    failed,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await joining;
      await running.disposeAsync();
    },
  };
}

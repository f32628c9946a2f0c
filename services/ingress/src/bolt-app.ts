import type { Logger } from "@peerbot/runtime";
import { AppError } from "@peerbot/runtime";
import { App, AuthorizationError, type Receiver, UnknownError } from "@slack/bolt";
import type { BotIdentity } from "./bot-identity.ts";
import type { Outcome } from "./delivery.ts";
import { type Reading, readDelivery } from "./read-delivery.ts";
import { createSlackLogger } from "./slack-logger.ts";

/**
 * Where the outcome of one delivery is written down. Bolt acknowledges events before its listeners run, and whether a
 * listener's error reaches the receiver depends on its error handler; so a receiver may tell Slack "done" only when this
 * holds an outcome, whatever Bolt says.
 */
export interface Receipt {
  reading?: Reading;
  outcome?: Outcome;
}

export type IngressApp = App<{ receipt: Receipt }>;

export interface BoltAppOptions {
  receiver: Receiver;
  /** @throws while Slack has not yet said who we are. */
  identity: () => BotIdentity;
  /** Makes one reading durable. @throws when it could not. */
  take: (reading: Reading) => Promise<Outcome>;
  apiUrl: string;
  logger: Logger;
}

/** A Bolt app for one workspace that answers from memory who we are, so that no delivery waits for Slack. */
export function createBoltApp({ receiver, identity, take, apiUrl, logger }: BoltAppOptions): IngressApp {
  const app: IngressApp = new App<{ receipt: Receipt }>({
    receiver,
    authorize: async ({ teamId }) => {
      const { team, botUserId, botId } = identity();
      if (teamId !== team) throw new UnknownTeamError(teamId);
      return { teamId, botUserId, ...(botId === undefined ? {} : { botId }) };
    },
    // Reading decides who is a bot; the conversation store would keep state in memory.
    ignoreSelf: false,
    convoStore: false,
    clientOptions: { slackApiUrl: apiUrl },
    logger: createSlackLogger(logger),
  });
  app.error(async (error) => {
    throw error;
  });
  app.use(async ({ body, context: { receipt } }) => {
    receipt.reading = readDelivery(body, identity());
    receipt.outcome = await take(receipt.reading);
  });
  return app;
}

/** The delivery is signed, but of a workspace that this installation does not serve. */
export class UnknownTeamError extends AppError {
  constructor(team: string | undefined) {
    super(`Workspace ${team ?? "(none)"} is not the one this Peerbot is installed in`, { code: "unknown-team" });
  }
}

/** Passes a body through Bolt. @throws unless the delivery was dealt with. */
export async function passThroughBolt(
  app: IngressApp,
  body: Record<string, unknown>,
  receipt: Receipt,
): Promise<Outcome> {
  try {
    await app.processEvent({ body, ack: async () => {}, customProperties: { receipt } });
  } catch (error) {
    if (error instanceof AuthorizationError && error.original instanceof UnknownTeamError) {
      return { result: "refused", reason: error.original.code };
    }
    // Bolt wraps what it does not know.
    throw error instanceof AuthorizationError || error instanceof UnknownError ? error.original : error;
  }
  if (receipt.outcome === undefined) throw new Error("Bolt passed the delivery to nobody");
  return receipt.outcome;
}

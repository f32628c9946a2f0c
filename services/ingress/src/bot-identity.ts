import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@peerbot/runtime";
import type { WebClient } from "@slack/web-api";
import { refusalOf, SlackRefusedError } from "./slack-refusal.ts";

/** Who we are in Slack: the one workspace this installation serves and our bot in it. */
export interface BotIdentity {
  team: string;
  /** The organization the workspace belongs to, on Enterprise Grid. */
  enterprise: string | undefined;
  botUserId: string;
  botId: string | undefined;
}

export interface IdentifyOptions {
  client: WebClient;
  signal: AbortSignal;
  /** Told about each try that failed. */
  onFailure: (error: unknown, nextTryMs: number) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Asks Slack who the bot token belongs to, again and again until Slack answers.
 * @throws SlackRefusedError when Slack does not want the token.
 */
export async function identifyBot({ client, signal, onFailure }: IdentifyOptions): Promise<BotIdentity> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const answer = await client.auth.test();
      return identityIn(answer);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) throw new SlackRefusedError("SLACK_BOT_TOKEN", refusal, error);
      onFailure(error, pause);
    }
    await sleep(pause, undefined, { signal });
  }
}

function identityIn(answer: Awaited<ReturnType<WebClient["auth"]["test"]>>): BotIdentity {
  const { team_id: team, user_id: botUserId, bot_id: botId, enterprise_id: enterprise } = answer;
  if (team === undefined || botUserId === undefined) {
    throw new AppError("Slack's answer to auth.test names no workspace or no user", {
      code: "slack-answer-unreadable",
    });
  }
  return { team, botUserId, botId, enterprise };
}

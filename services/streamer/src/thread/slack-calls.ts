import { type SlackFailure, slackFailureOf } from "@peerbot/slack";
import type {
  AgentsSessionsSetStatusArguments,
  ChatAppendStreamArguments,
  ChatPostEphemeralArguments,
  ChatPostMessageArguments,
  ChatStartStreamArguments,
  ChatStopStreamArguments,
  ChatUpdateArguments,
  ConversationsRepliesArguments,
  ReactionsAddArguments,
  ReactionsRemoveArguments,
  WebAPICallResult,
  WebClient,
} from "@slack/web-api";
import type { StreamerMetrics } from "../metrics.ts";

/** The Web API methods the streamer uses, with their arguments. */
export interface SlackArguments {
  "agents.sessions.setStatus": AgentsSessionsSetStatusArguments;
  "auth.test": Record<never, never>;
  "chat.appendStream": ChatAppendStreamArguments;
  "chat.postEphemeral": ChatPostEphemeralArguments;
  "chat.postMessage": ChatPostMessageArguments;
  "chat.startStream": ChatStartStreamArguments;
  "chat.stopStream": ChatStopStreamArguments;
  "chat.update": ChatUpdateArguments;
  "conversations.replies": ConversationsRepliesArguments;
  "reactions.add": ReactionsAddArguments;
  "reactions.remove": ReactionsRemoveArguments;
}

export type SlackAnswer = { ok: true; answer: WebAPICallResult } | { ok: false; failure: SlackFailure };

/** Slack, one call at a time: never repeats, never throws for what Slack or the network does. */
export interface SlackCalls {
  call<Method extends keyof SlackArguments>(method: Method, args: SlackArguments[Method]): Promise<SlackAnswer>;
}

export function createSlackCalls({ client, metrics }: { client: WebClient; metrics: StreamerMetrics }): SlackCalls {
  return {
    async call(method, args) {
      try {
        const answer = await client.apiCall(method, { ...args });
        metrics.slackCalls.inc({ method, result: "ok" });
        return { ok: true, answer };
      } catch (error) {
        const failure = slackFailureOf(error);
        metrics.slackCalls.inc({ method, result: "code" in failure ? failure.code : failure.kind });
        if (failure.kind === "rate-limited") metrics.slackRateLimited.inc({ method });
        return { ok: false, failure };
      }
    },
  };
}

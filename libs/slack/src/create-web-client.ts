import type { Secret, Logger as ServiceLogger } from "@peerbot/runtime";
import { type Logger, LogLevel, WebClient } from "@slack/web-api";

/** No call of this client takes longer, in milliseconds. */
export const SLACK_TIMEOUT_MS = 10_000;

/**
 * A Slack client that does each call once and reports every failure: repeating, waiting and pausing is decided by
 * whoever knows whether the call may be repeated. `apiUrl` such as https://slack.com/api.
 */
export function createWebClient({
  token,
  apiUrl,
  logger,
}: {
  token: Secret;
  apiUrl: string;
  logger: ServiceLogger;
}): WebClient {
  return new WebClient(token.reveal(), {
    slackApiUrl: `${apiUrl.replace(/\/+$/, "")}/`,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    timeout: SLACK_TIMEOUT_MS,
    logger: quietLogger(logger),
  });
}

/** The client's own remarks (it warns of messages without `text`, which Markdown ones have to be) are for debugging. */
function quietLogger(logger: ServiceLogger): Logger {
  const log = (...remarks: unknown[]) => logger.debug({ remarks: remarks.map(String) }, "slack-client");
  return {
    debug: () => {},
    info: log,
    warn: log,
    error: log,
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

import { format } from "node:util";
import type { Logger } from "@peerbot/runtime";
import { LogLevel, type Logger as SlackLogger } from "@slack/bolt";

/** Slack's libraries log through ours. Their debug lines hold whole payloads, so there are none. */
export function createSlackLogger(logger: Logger): SlackLogger {
  const lines =
    (level: "info" | "warn" | "error") =>
    (...parts: unknown[]) =>
      logger[level]({ said: format(...parts) }, "slack-library");
  return {
    debug: () => {},
    info: lines("info"),
    warn: lines("warn"),
    error: lines("error"),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** JSON lines on stdout. Log events, not sentences: a fixed message, the data in fields. */
export function createLogger({ service, level }: { service: string; level: string }): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ["headers", "*.headers", "authorization", "*.authorization"], censor: "[redacted]" },
  });
}

import { type Logger, pino, stdSerializers } from "pino";

export type { Logger } from "pino";

/** JSON lines on stdout. Log events, not sentences: a fixed message, the data in fields. */
export function createLogger({ service, level }: { service: string; level: string }): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: withoutCommand },
    redact: { paths: ["headers", "*.headers", "authorization", "*.authorization"], censor: "[redacted]" },
  });
}

/** ioredis hangs the failed command with all its arguments on its errors: people's messages, which no log may hold. */
function withoutCommand(error: Error): unknown {
  const {
    command: _command,
    previousErrors: _previous,
    ...told
  } = stdSerializers.err(error) as Record<string, unknown>;
  return told;
}

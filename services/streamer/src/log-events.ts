import type { SessionKey } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import type { SlackFailure } from "@peerbot/slack";

/** What happens in the streamer's business, one function each. */
export type StreamerLog = ReturnType<typeof createStreamerLog>;

export function createStreamerLog(logger: Logger) {
  return {
    roundShown: (session: SessionKey, fields: { epoch: number; outcome: string | undefined; seconds: number }) =>
      logger.info({ session, ...fields }, "round-shown"),
    threadGivenUp: (session: SessionKey, code: string) => logger.error({ session, code }, "thread-given-up"),
    callRefused: (session: SessionKey, fields: { operation: string; code: string }) =>
      logger.warn({ session, ...fields }, "slack-call-refused"),
    callFailed: (session: SessionKey, fields: { operation: string; failure: SlackFailure }) =>
      logger.warn({ session, ...fields }, "slack-call-failed"),
    readBack: (session: SessionKey, fields: { part: string; isThere: boolean }) =>
      logger.info({ session, ...fields }, "thread-read-back"),
    goneWithout: (feature: string, code: string) => logger.warn({ feature, code }, "slack-feature-unavailable"),
    eventUnreadable: (session: SessionKey, seq: number) => logger.error({ session, seq }, "event-unreadable"),
    threadBroken: (session: SessionKey, err: unknown) => logger.error({ session, err }, "thread-broken"),
    sweepFailed: (err: unknown) => logger.error({ err }, "sweep-failed"),
    threadUnknown: (session: SessionKey) => logger.warn({ session }, "thread-unknown"),
  };
}

import type { RunTokenClaims } from "@peerbot/contracts";
import type { AppError, Logger } from "@peerbot/runtime";
import type { ToldFailure } from "./told-failure.ts";

export type BusinessEvents = ReturnType<typeof createBusinessEvents>;

type RunOf = Pick<RunTokenClaims, "sessionKey" | "epoch">;

/** Every line the gateway logs, one function each. */
export function createBusinessEvents(logger: Logger) {
  return {
    started: (port: number, internalPort: number) => logger.info({ port, internalPort }, "gateway-started"),
    stopping: () => logger.info("gateway-stopping"),
    workerArrived: ({ sessionKey, epoch }: RunOf) => logger.info({ sessionKey, epoch }, "worker-arrived"),
    warmWorkerReady: (worker: string) => logger.info({ worker }, "warm-worker-ready"),
    warmWorkerTook: ({ sessionKey, epoch }: RunOf, worker: string) =>
      logger.info({ sessionKey, epoch, worker }, "warm-worker-took-run"),
    runFinished: ({ sessionKey, epoch }: RunOf, outcome: string) =>
      logger.info({ sessionKey, epoch, outcome }, "run-finished"),
    conversationSaved: ({ sessionKey, epoch }: RunOf, generation: string) =>
      logger.info({ sessionKey, epoch, generation }, "conversation-saved"),
    pushForwarded: ({ sessionKey, epoch }: RunOf, branch: string) =>
      logger.info({ sessionKey, epoch, branch }, "push-forwarded"),
    pushRefused: ({ sessionKey, epoch }: RunOf, err: AppError) =>
      logger.warn({ sessionKey, epoch, code: err.code, err }, "push-refused"),
    pullRequestOpened: ({ sessionKey, epoch }: RunOf, url: string) =>
      logger.info({ sessionKey, epoch, url }, "pull-request-opened"),
    modelKeyRefused: ({ sessionKey, epoch }: RunOf, status: number, requestId: unknown) =>
      logger.error({ sessionKey, epoch, status, requestId }, "model-key-refused"),
    cutBecauseFenced: ({ sessionKey, epoch }: RunOf, route: string) =>
      logger.warn({ sessionKey, epoch, route }, "stream-cut-fenced"),
    fenceUnknown: ({ sessionKey, epoch }: RunOf, err: unknown) =>
      logger.warn({ sessionKey, epoch, err }, "fence-unknown"),
    callFailed: (route: string, failure: ToldFailure, err: unknown) => {
      const fields = { route, status: failure.status, code: failure.code, err };
      if (failure.blame === "bug") logger.error(fields, "call-broke");
      else logger.warn(fields, "call-failed");
    },
  };
}

import type { RunRecord, SessionKey } from "@peerbot/contracts";
import type { Logger } from "@peerbot/runtime";
import type { InterventionCause } from "./launch/decide-intervention.ts";
import type { LauncherMetrics } from "./metrics.ts";
import type { RunEnd, RunSpec } from "./runner/session-runner.ts";

export type BusinessEvents = ReturnType<typeof createBusinessEvents>;

/** Every line the launcher logs and what it counts, one function each. */
export function createBusinessEvents(logger: Logger, metrics: LauncherMetrics) {
  const secondsSince = (time: number) => (Date.now() - time) / 1_000;
  return {
    started: (internalPort: number) => logger.info({ internalPort }, "launcher-started"),
    stopping: () => logger.info("launcher-stopping"),
    limitReached: (sessionKey: SessionKey, wait: { until: number; position: number }) => {
      metrics.limitWaits.inc();
      logger.info({ sessionKey, ...wait }, "waiting-for-user-limit");
    },
    capacityReached: (sessionKey: SessionKey, position: number) => {
      metrics.capacityWaits.inc();
      logger.info({ sessionKey, position }, "waiting-for-capacity");
    },
    lineUntold: (err: unknown) => logger.warn({ err }, "line-not-told"),
    cancelled: (sessionKey: SessionKey) => {
      metrics.sessions.inc({ outcome: "cancelled" });
      logger.info({ sessionKey }, "cancelled-before-begin");
    },
    withdrawalFailed: (sessionKey: SessionKey, err: unknown) => logger.warn({ sessionKey, err }, "withdrawal-failed"),
    adopted: (run: RunRecord) => logger.info(fieldsOf(run), "run-adopted"),
    workerStarted: (run: RunRecord) => {
      metrics.runStartSeconds.observe(secondsSince(run.startedAt));
      logger.info(fieldsOf(run), "worker-started");
    },
    repositoryFailed: (run: RunRecord, err: unknown) => logger.warn({ ...fieldsOf(run), err }, "repository-failed"),
    endingWorker: (run: RunRecord, cause: InterventionCause) =>
      logger.warn({ ...fieldsOf(run), cause }, "worker-ended-by-launcher"),
    watchFailed: (run: RunRecord, err: unknown) => logger.warn({ ...fieldsOf(run), err }, "run-watch-failed"),
    runEnded: (run: RunRecord, { outcome, isFinal, end }: { outcome: string; isFinal: boolean; end: RunEnd }) => {
      if (isFinal) metrics.sessions.inc({ outcome });
      metrics.runSeconds.observe({ outcome }, secondsSince(run.startedAt));
      const { exitCode, signal, detail } = end;
      logger.info({ ...fieldsOf(run), outcome, isFinal, exitCode, signal, detail }, "run-ended");
    },
    runNotRemoved: (run: RunRecord, err: unknown) => logger.warn({ ...fieldsOf(run), err }, "run-not-removed"),
    forgottenSession: (sessionKey: SessionKey) => logger.warn({ sessionKey }, "session-enqueued-by-sweep"),
    limitPlaceFreed: (request: string) => logger.warn({ request }, "limit-place-freed-by-sweep"),
    unknownRun: (name: string) => logger.warn({ run: name }, "unknown-run-ended"),
    warmDecided: ({ sessionKey, epoch }: RunSpec, result: "hit" | "miss") => {
      metrics.warmClaims.inc({ result });
      if (result === "hit") logger.info({ sessionKey, epoch }, "run-taken-by-warm-worker");
    },
    warmGivenUp: ({ sessionKey, epoch }: RunSpec, worker: string) => {
      metrics.warmClaims.inc({ result: "given-up" });
      logger.warn({ sessionKey, epoch, worker }, "warm-worker-given-up");
    },
    warmWorkerFailed: (worker: string, err: unknown) => logger.warn({ worker, err }, "warm-worker-not-started"),
    warmWorkerEnded: (worker: string, end: RunEnd) => logger.info({ worker, ...end }, "warm-worker-ended"),
    strangeWarmWorker: (worker: string) => logger.warn({ worker }, "unknown-warm-worker-ended"),
    poolFailed: (err: unknown) => logger.warn({ err }, "warm-pool-failed"),
    sweepFailed: (err: unknown) => logger.warn({ err }, "sweep-failed"),
  };
}

function fieldsOf({ sessionKey, epoch, attempt }: RunRecord) {
  return { sessionKey, epoch, attempt };
}

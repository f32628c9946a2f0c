import type { EndReason, SessionKey, WorkerSize } from "@peerbot/contracts";
import { AppError, type Secret } from "@peerbot/runtime";

interface AnyWorkerSpec {
  name: string;
  /** The only address the worker is told. */
  gatewayUrl: string;
  /** Milliseconds since 1970; the runner ends the worker then. */
  deadlineAt: number;
  logLevel: string;
  /** The runner's own default unless told. */
  size?: WorkerSize;
  /** True: the worker has a Docker daemon of its own, gone with it. Never the machine's. */
  docker?: boolean;
}

/** One worker to be started for a run; its name derives from session and epoch: whoever starts the same run means the same. */
export interface RunSpec extends AnyWorkerSpec {
  sessionKey: SessionKey;
  epoch: number;
  userId: string;
  startToken: Secret;
}

/** One worker to be started ahead: it waits for a run and knows of no session. */
export interface StandbySpec extends AnyWorkerSpec {
  standbyToken: Secret;
}

export type WorkerSpec = RunSpec | StandbySpec;

/** The one secret a worker is started with. */
export function tokenOf(worker: WorkerSpec): { variable: "START_TOKEN" | "STANDBY_TOKEN"; token: Secret } {
  return "startToken" in worker
    ? { variable: "START_TOKEN", token: worker.startToken }
    : { variable: "STANDBY_TOKEN", token: worker.standbyToken };
}

/** How a run ended, as seen from outside. `detail` is for operators. */
export interface RunEnd {
  reason: EndReason;
  exitCode?: number;
  signal?: string;
  detail?: string;
}

/** Runs workers somewhere. They belong to nobody: any launcher may follow, stop or remove any of them. */
export interface SessionRunner extends AsyncDisposable {
  /** Differs when a worker started ahead by another launcher would not be the same as one started by this. */
  readonly fit: string;
  /**
   * Starting the same worker again meets the one that is there, also when another launcher started it or it has ended.
   * @throws RunnerFailure when it could not be started.
   */
  start(worker: WorkerSpec): Promise<"started" | "already-exists">;
  /**
   * A worker that was started ahead has this run from now on, with its deadline and its labels. Saying it again changes
   * nothing; unknown workers are no error.
   */
  assign(name: string, run: RunSpec): Promise<void>;
  /** Asks the worker to save and leave, and ends it for good after the grace time. Unknown runs are no error. */
  stop(name: string, options: { graceSeconds: number }): Promise<void>;
  /**
   * Resolves when the run has ended, however it ended and whoever started it; nothing it started lives on then. An
   * unknown run has ended as `deleted`.
   */
  ended(name: string, signal: AbortSignal): Promise<RunEnd>;
  /** Names of runs that exist now, ended ones that nobody removed included. */
  list(): Promise<string[]>;
  /** Forgets an ended run and frees what it held; one that still lives is ended first. Unknown runs are no error. */
  remove(name: string): Promise<void>;
}

/** The runner could not start a worker. */
export class RunnerFailure extends AppError {
  readonly reason: EndReason;

  constructor(message: string, { reason, cause }: { reason: EndReason; cause?: unknown }) {
    super(message, { code: `runner-${reason}`, retryable: true, cause });
    this.reason = reason;
  }
}

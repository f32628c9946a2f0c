import type { EndReason, SessionKey, WorkerSize } from "@peerbot/contracts";
import { AppError, type Secret } from "@peerbot/runtime";

/** One worker to be started. */
export interface RunSpec {
  /** Derived from session and epoch: whoever starts the same run means the same name. */
  name: string;
  sessionKey: SessionKey;
  epoch: number;
  userId: string;
  startToken: Secret;
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

/** How a run ended, as seen from outside. `detail` is for operators. */
export interface RunEnd {
  reason: EndReason;
  exitCode?: number;
  signal?: string;
  detail?: string;
}

/** Runs workers somewhere. Runs belong to nobody: any launcher may follow, stop or remove any of them. */
export interface SessionRunner extends AsyncDisposable {
  /**
   * Starting the same run again meets the one that is there, also when another launcher started it or it has ended.
   * @throws RunnerFailure when it could not be started.
   */
  start(run: RunSpec): Promise<"started" | "already-exists">;
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

import { z } from "zod";
import { RunnerFailure } from "../session-runner.ts";

/** What the engine answered instead of doing it. */
export interface EngineFailure {
  /** HTTP status. */
  code: number;
  message: string;
}

const Refusal = z.object({
  statusCode: z.number(),
  json: z.object({ message: z.string() }).optional().catch(undefined),
  message: z.string().catch(""),
});
/** What dockerode puts before the engine's words. */
const PREFACE = /^\(HTTP code \d+\) .*? - /;

/** Reads a refusal of the engine; `undefined` for anything else, such as a connection that failed. */
export function engineFailureOf(error: unknown): EngineFailure | undefined {
  const refusal = Refusal.safeParse(error);
  if (!refusal.success) return undefined;
  const { statusCode: code, json, message } = refusal.data;
  // Where it expected a stream dockerode keeps the engine's words in its own alone.
  const words = json?.message ?? message.replace(PREFACE, "").trim();
  return { code, message: words || `the Docker engine answered ${code}` };
}

/** What an engine answers for a container somebody is removing: as good as gone. */
export function isBeingRemoved({ code, message }: EngineFailure): boolean {
  return code === 500 && /^RWLayer of container \w+ is unexpectedly nil/.test(message);
}

/** True for what may pass by itself: an engine that restarts, is not to be reached, or is about to forget something. */
export function isPassing(error: unknown): boolean {
  const failure = engineFailureOf(error);
  if (failure === undefined) return error instanceof Error && "code" in error;
  return failure.code === 503 || isBeingRemoved(failure);
}

/** A container that was refused for good, as the launcher understands it; what may pass by itself is left as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof RunnerFailure) return error;
  const failure = engineFailureOf(error);
  if (failure === undefined || isPassing(error)) return error;
  return new RunnerFailure(`Docker refused the run: ${failure.message}`, { reason: "could-not-start", cause: error });
}

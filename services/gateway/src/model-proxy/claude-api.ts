import type { Readable } from "node:stream";
import { AppError, type Secret } from "@peerbot/runtime";
import { Agent, type Dispatcher } from "undici";

export interface ClaudeRequest {
  method: "GET" | "HEAD" | "POST";
  /** With its query. */
  path: string;
  headers: Record<string, string | string[]>;
  body: Readable | undefined;
  /** Aborting it gives up the request or breaks its answer off. */
  signal: AbortSignal;
}

/** The Claude API with the key added; the answer's body is a stream. */
export interface ClaudeApi extends AsyncDisposable {
  /** @throws AppError `model-unreachable` */
  call(request: ClaudeRequest): Promise<Dispatcher.ResponseData>;
}

/** `idleTimeoutMs` bounds every silence: before an answer begins and between two pieces of it. */
export function createClaudeApi({
  baseUrl,
  apiKey,
  idleTimeoutMs,
}: {
  baseUrl: string;
  apiKey: Secret;
  idleTimeoutMs: number;
}): ClaudeApi {
  const agent = new Agent({ headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs });
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname === "/" ? "" : pathname;
  return {
    async call({ method, path, headers, body, signal }) {
      try {
        return await agent.request({
          origin,
          method,
          path: `${basePath}${path}`,
          headers: { ...headers, "x-api-key": apiKey.reveal() },
          ...(body === undefined ? {} : { body }),
          signal,
        });
      } catch (error) {
        // Our own reasons to break off come back as they are.
        throw signal.aborted || error instanceof AppError ? error : unreachable(error);
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

function unreachable(cause: unknown): AppError {
  return new AppError("the Claude API cannot be reached", { code: "model-unreachable", cause });
}

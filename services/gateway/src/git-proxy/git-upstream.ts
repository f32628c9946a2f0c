import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { GitHost } from "@peerbot/git-host";
import { AppError } from "@peerbot/runtime";
import { Agent, type Dispatcher } from "undici";
import { failureOfHost, hostUnreachable } from "./host-answer.ts";

/** A host that indexes a large push stays silent for a while. */
const IDLE_TIMEOUT_MS = 10 * 60_000;

const TO_HOST = ["accept", "accept-encoding", "content-encoding", "content-type", "git-protocol", "user-agent"];
const FROM_HOST = ["cache-control", "content-encoding", "content-type", "expires", "pragma"];

export interface GitCall {
  repository: { owner: string; name: string };
  method: "GET" | "POST";
  /** Below the repository, with its query: `/git-upload-pack`. */
  path: string;
  /** As received from the worker; only what the protocol needs is passed on. */
  headers: IncomingHttpHeaders;
  body: Readable | undefined;
  /** Aborting it gives up the call or breaks its answer off. */
  signal: AbortSignal;
}

/** Git over HTTP at the host, with our credential added. */
export interface GitUpstream extends AsyncDisposable {
  /** A good answer, its body a stream. @throws AppError for any other, and when the host is unreachable */
  call(call: GitCall): Promise<{ headers: Record<string, string | string[]>; body: Readable }>;
}

export function createGitUpstream({ gitHost }: { gitHost: Pick<GitHost, "gitAccess"> }): GitUpstream {
  const agent = new Agent({ headersTimeout: IDLE_TIMEOUT_MS, bodyTimeout: IDLE_TIMEOUT_MS });
  return {
    async call({ repository, method, path, headers, body, signal }) {
      const { url, authorization } = await gitHost.gitAccess(repository);
      const { origin, pathname } = new URL(url);
      const answer = await send(agent, {
        origin,
        method,
        path: `${pathname}${path}`,
        headers: { ...pick(headers, TO_HOST), authorization: authorization.reveal() },
        ...(body === undefined ? {} : { body }),
        signal,
      });
      const failure = failureOfHost(answer.statusCode, `${repository.owner}/${repository.name}`);
      if (failure === undefined) return { headers: pick(answer.headers, FROM_HOST), body: answer.body };
      await answer.body.dump();
      throw failure;
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function send(agent: Agent, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await agent.request(options);
  } catch (error) {
    // Our own reasons to break off come back as they are.
    const isOurs = error instanceof AppError || (options.signal instanceof AbortSignal && options.signal.aborted);
    throw isOurs ? error : hostUnreachable(error);
  }
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string | string[]> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Turns true when the caller hung up before the answer was whole. */
  isAbandoned: boolean;
}

export type ClaudeScript = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

export interface ClaudeDouble extends AsyncDisposable {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Plays the next answers. */
  answerWith(script: ClaudeScript): void;
}

/** Stands in for the Claude API over real HTTP: answers as told and keeps what it was asked. */
export async function startClaudeDouble(): Promise<ClaudeDouble> {
  const requests: SeenRequest[] = [];
  let script: ClaudeScript = (response) => sendJson(response, 200, {});
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const seen: SeenRequest = { method, url, headers, body: "", isAbandoned: false };
    response.on("close", () => {
      seen.isAbandoned = !response.writableFinished;
    });
    requests.push(seen);
    try {
      seen.body = await text(request);
    } catch {
      return; // The caller broke off; `isAbandoned` tells it.
    }
    await script(response, seen);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answerWith(next) {
      script = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** One server-sent event as the Claude API frames it. */
export function sse(event: { type: string; [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { freePort } from "@peerbot/testing";
import { type WebSocket, WebSocketServer } from "ws";

/** A small Slack: the Web API methods the ingress calls, and Socket Mode. */
export interface SlackStandIn extends AsyncDisposable {
  readonly apiUrl: string;
  /** Names of the methods called so far. */
  readonly calls: string[];
  /** What a method answers; a function may look at the arguments. */
  answers: Record<string, (args: URLSearchParams) => object>;
  /** Sends one envelope over the socket and gives the acknowledgement, or `undefined` if none came in time. */
  deliver(payload: object, options?: { type?: string; timeoutMs?: number }): Promise<object | undefined>;
  /** Sends raw text over the socket. */
  send(text: string): void;
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<WebSocket>;
}

export const TEAM = "T0HOME";
export const BOT_USER = "U0BOT";
export const BOT_ID = "B0BOT";

export async function startSlack(): Promise<SlackStandIn> {
  const calls: string[] = [];
  const acknowledged = new Map<string, () => void>();
  const sockets = new Set<WebSocket>();
  const port = await freePort();
  const standIn: Pick<SlackStandIn, "answers"> = {
    answers: {
      "auth.test": () => ({
        ok: true,
        team_id: TEAM,
        user_id: BOT_USER,
        bot_id: BOT_ID,
        team: "home",
        user: "peerbot",
      }),
      "apps.connections.open": () => ({ ok: true, url: `ws://127.0.0.1:${port}/link` }),
      "conversations.replies": () => ({ ok: true, messages: [] }),
    },
  };
  const server = createServer(async (request, response) => {
    const method = (request.url ?? "").replace("/api/", "");
    calls.push(method);
    const answer = standIn.answers[method]?.(await readForm(request)) ?? { ok: false, error: "unknown_method" };
    const status = "status" in answer ? Number(answer.status) : 200;
    const headers = "retryAfter" in answer ? { "retry-after": String(answer.retryAfter) } : {};
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
  });
  const socketServer = new WebSocketServer({ server });
  socketServer.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (data) => {
      const { envelope_id: id } = JSON.parse(String(data)) as { envelope_id: string };
      acknowledged.get(id)?.();
    });
    socket.send(JSON.stringify({ type: "hello", num_connections: 1, connection_info: { app_id: "A1" } }));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");

  let envelopes = 0;
  const send = (text: string) => {
    for (const socket of [...sockets].slice(-1)) socket.send(text);
  };
  return Object.assign(standIn, {
    apiUrl: `http://127.0.0.1:${port}/api`,
    calls,
    sockets,
    send,
    deliver: async (payload: object, { type = "events_api", timeoutMs = 3_000 } = {}) => {
      const id = `envelope-${++envelopes}`;
      const { promise, resolve } = Promise.withResolvers<object | undefined>();
      acknowledged.set(id, () => resolve({ id }));
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      send(JSON.stringify({ type, envelope_id: id, payload, accepts_response_payload: false, retry_attempt: 0 }));
      const answer = await promise;
      clearTimeout(timer);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.terminate();
      socketServer.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

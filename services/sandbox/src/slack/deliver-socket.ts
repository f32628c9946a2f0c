import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { Outcome, Push, Retry, Transport } from "./transport.ts";

const PATH = "/slack/socket";
const MAX_CONNECTIONS = 10;
const TICKET_MS = 30_000;
const PING_EVERY_MS = 10_000;

const Acknowledgement = z.object({ envelope_id: z.string(), payload: z.unknown().optional() });

export interface SocketHubOptions {
  appId: string;
  /** How long the app may take to acknowledge, in milliseconds. */
  ackTimeoutMs: number;
}

export type DisconnectReason = "refresh_requested" | "warning" | "link_disabled" | "abrupt";

/** Socket Mode: any number of connections up to ten; each payload goes to one of them, in turn. */
export interface SocketHub extends Transport, Disposable {
  /** A one-time address path for `apps.connections.open`, valid for 30 s. */
  issueTicket(): string;
  connectionCount(): number;
  /** `abrupt` cuts the wire; the other reasons say goodbye first, as Slack does when it moves connections. */
  disconnectAll(reason: DisconnectReason): void;
  /** Takes over the server's websocket upgrades below /slack/socket; refuses all others. */
  attach(server: Server): void;
}

export function createSocketHub({ appId, ackTimeoutMs }: SocketHubOptions): SocketHub {
  const sockets = new Set<WebSocket>();
  const tickets = new Map<string, number>();
  const waiting = new Map<string, { socket: WebSocket; settle: (outcome: Outcome) => void }>();
  const acceptor = new WebSocketServer({ noServer: true });
  let turn = 0;

  const settle = (envelopeId: string, outcome: Outcome) => {
    waiting.get(envelopeId)?.settle(outcome);
    waiting.delete(envelopeId);
  };

  const welcome = (socket: WebSocket) => {
    if (sockets.size >= MAX_CONNECTIONS) {
      dismiss(socket, "too_many_websockets");
      return;
    }
    sockets.add(socket);
    const stopPinging = keepAlive(socket);
    socket.on("message", (data) => {
      const message = Acknowledgement.safeParse(parseIfJson(String(data)));
      if (message.success) settle(message.data.envelope_id, acknowledged(message.data.payload));
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      stopPinging();
      sockets.delete(socket);
      // Whatever this connection had not acknowledged is told again, to another one.
      for (const [id, entry] of waiting) if (entry.socket === socket) settle(id, lost("connection_failed"));
    });
    socket.send(JSON.stringify(hello(appId, sockets.size)));
  };

  const upgrade = (request: IncomingMessage, wire: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? "/", "http://sandbox");
    const ticket = url.searchParams.get("ticket") ?? "";
    const isKnown = (tickets.get(ticket) ?? 0) > Date.now();
    tickets.delete(ticket);
    if (!url.pathname.startsWith(PATH) || !isKnown) {
      const status = url.pathname.startsWith(PATH) ? "401 Unauthorized" : "404 Not Found";
      wire.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    acceptor.handleUpgrade(request, wire, head, welcome);
  };

  return {
    issueTicket() {
      const ticket = randomUUID();
      tickets.set(ticket, Date.now() + TICKET_MS);
      return `${PATH}/?ticket=${ticket}&app_id=${appId}`;
    },
    connectionCount: () => sockets.size,
    disconnectAll(reason) {
      for (const socket of sockets) {
        if (reason === "abrupt") socket.terminate();
        else dismiss(socket, reason);
      }
    },
    attach: (server) => void server.on("upgrade", upgrade),
    send(push, retry) {
      const open = [...sockets].filter(({ readyState, OPEN }) => readyState === OPEN);
      turn += 1;
      const socket = open[turn % Math.max(open.length, 1)];
      if (socket === undefined) return Promise.resolve(lost("connection_failed"));
      const envelope = envelopeOf(push, retry);
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle(envelope.envelope_id, lost("timeout")), ackTimeoutMs);
        waiting.set(envelope.envelope_id, {
          socket,
          settle(outcome) {
            clearTimeout(timer);
            resolve(outcome);
          },
        });
        socket.send(JSON.stringify(envelope));
      });
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.terminate();
      for (const id of waiting.keys()) settle(id, lost("connection_failed"));
      acceptor.close();
    },
  };
}

function hello(appId: string, connections: number) {
  return {
    type: "hello",
    num_connections: connections,
    debug_info: { host: "sandbox", build_number: 1, approximate_connection_time: 3600 },
    connection_info: { app_id: appId },
  };
}

function envelopeOf({ kind, payload }: Push, retry: Retry | null) {
  return {
    envelope_id: randomUUID(),
    type: kind,
    payload,
    accepts_response_payload: kind !== "events_api",
    ...(kind === "events_api" ? { retry_attempt: retry?.attempt ?? 0, retry_reason: retry?.reason ?? "" } : {}),
  };
}

function dismiss(socket: WebSocket, reason: string): void {
  socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "sandbox" } }));
  // `warning` only announces; after the others Slack closes by itself if the client does not.
  if (reason !== "warning") setTimeout(() => socket.close(), 1000).unref();
}

/** Pings as Slack does, and gives up a connection that stopped answering. */
function keepAlive(socket: WebSocket): () => void {
  let isAlive = true;
  socket.on("pong", () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function acknowledged(body: unknown): Outcome {
  return { status: 200, isFinal: true, reason: "", body };
}

function lost(reason: string): Outcome {
  return { status: 0, isFinal: false, reason, body: null };
}

function parseIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

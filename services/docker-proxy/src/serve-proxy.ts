import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { BusinessEvents } from "./business-events.ts";
import { decideRequest, NotThere } from "./decide-request.ts";
import { askEngine, lookUp } from "./engine-socket.ts";
import { routeOf } from "./route-of.ts";
import { Refusal, type Rules } from "./rules.ts";

const BODY_BYTES = 256 * 1024;

export interface ProxyOptions {
  host: string;
  port: number;
  socketPath: string;
  rules: Rules;
  business: BusinessEvents;
}

/** Serves the part of the engine's API that launchers need. */
export async function serveProxy({ host, port, socketPath, rules, business }: ProxyOptions) {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const allowed = await decideRequest(routeOf(method, url), rules, {
        lookUp: (path) => lookUp(socketPath, path),
        readBody: () => readJson(request),
      });
      const json = typeof allowed.body === "object" ? JSON.stringify(allowed.body.json) : undefined;
      const headers = headersFor(request, allowed.path, json);
      const body = allowed.body === "stream" && method === "PUT" ? request : json;
      const engine = await askEngine(socketPath, { method, path: allowed.path, headers, body, signal: gone.signal });
      response.writeHead(engine.statusCode ?? 502, answerHeaders(engine));
      // A stream of events may say nothing for a long time; that it stands is news, too.
      response.flushHeaders();
      await pipeline(engine, response);
    } catch (error) {
      if (gone.signal.aborted && !response.writable) return;
      if (error instanceof Refusal) {
        business.refused(method, url, error.message);
        return tell(response, 403, `refused by docker-proxy: ${error.message}`);
      }
      if (error instanceof NotThere) return tell(response, 404, "no such object");
      business.failed(method, url, error);
      tell(response, 503, "the Docker engine cannot be reached");
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  server.on("upgrade", (request, socket) => {
    business.refused(request.method ?? "", request.url ?? "", "connections are not taken over");
    socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP listener has a port");
  return {
    port: address.port,
    async [Symbol.asyncDispose](): Promise<void> {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES) throw new Refusal("the request is too large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refusal("the request is no JSON");
  }
}

function headersFor(request: IncomingMessage, path: string, json: string | undefined): Record<string, string> {
  const registry = request.headers["x-registry-auth"];
  return {
    ...(json === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(json)) }),
    ...(path.includes("/archive?") ? { "content-type": "application/x-tar" } : {}),
    ...(typeof registry === "string" && path.startsWith("/images/create?") ? { "x-registry-auth": registry } : {}),
  };
}

function answerHeaders(engine: IncomingMessage): Record<string, string> {
  const names = ["content-type", "content-length", "api-version", "docker-experimental", "ostype", "server"];
  const kept = names.map((name) => [name, engine.headers[name]] as const);
  return Object.fromEntries(
    kept.filter((header): header is readonly [string, string] => typeof header[1] === "string"),
  );
}

function tell(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  // What is left of the request is not read.
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ message }));
}

import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { messageOf } from "./app-error.ts";
import { ownAddressOf } from "./own-address.ts";

export interface InternalServerOptions {
  /** An address, or a name of which one address is this machine's. */
  host: string;
  port: number;
  registry: Registry;
  /** Resolves when the service can do its work now; rejects with the reason when it cannot. */
  checkReady: () => Promise<void>;
  /** More routes for the internal listener, such as a dashboard. */
  extend?: (server: FastifyInstance) => Promise<void>;
}

export interface InternalServer extends AsyncDisposable {
  readonly port: number;
}

/** Serves `/health` (the process lives), `/ready` (it can work now, else 503 with the reason) and `/metrics`. */
export async function startInternalServer(options: InternalServerOptions): Promise<InternalServer> {
  const server = Fastify({ forceCloseConnections: true });
  server.get("/health", async () => ({ status: "ok" }));
  server.get("/ready", async (_request, reply) => {
    try {
      await options.checkReady();
      return { status: "ready" };
    } catch (error) {
      return reply.code(503).send({ status: "not-ready", reason: messageOf(error) });
    }
  });
  server.get("/metrics", async (_request, reply) => {
    return reply.type(options.registry.contentType).send(await options.registry.metrics());
  });
  await options.extend?.(server);
  await server.listen({ host: await ownAddressOf(options.host), port: options.port });
  return { port: portOf(server), [Symbol.asyncDispose]: () => server.close() };
}

/** The port a listening server was given. */
export function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a TCP port");
  return address.port;
}

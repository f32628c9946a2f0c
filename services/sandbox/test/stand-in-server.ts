import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";

export interface StandInServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`; only known once it listens. */
  url(): string;
  server: FastifyInstance;
}

/** A server for the stand-ins under test, on a free port of this machine. */
export async function standInServer(
  compose: (server: FastifyInstance, url: () => string) => Promise<void>,
): Promise<StandInServer> {
  const server = fastify({ forceCloseConnections: true });
  const url = () => `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  await compose(server, url);
  await server.listen({ host: "127.0.0.1", port: 0 });
  return { server, url, [Symbol.asyncDispose]: () => server.close() };
}

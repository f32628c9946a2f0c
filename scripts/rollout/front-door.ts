import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** One address for several processes, as a Kubernetes Service is for pods. */
export interface FrontDoor extends AsyncDisposable {
  /** Connections made from now on may lead there. */
  open(port: number): void;
  /** No new connection leads there; those that are there stay. */
  close(port: number): void;
}

export async function openFrontDoor(port: number): Promise<FrontDoor> {
  const backends: number[] = [];
  const sockets = new Set<Socket>();
  let next = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    next += 1;
    const backend = backends[next % Math.max(1, backends.length)];
    if (backend === undefined) return void client.destroy();
    const behind = connect({ host: "127.0.0.1", port: backend });
    keep(behind);
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.pipe(other);
      one.on("error", () => other.destroy()); // What breaks on one side is broken on the other.
      one.on("close", () => other.destroy());
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    open: (backend) => void backends.push(backend),
    close: (backend) => void backends.splice(backends.indexOf(backend), 1),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

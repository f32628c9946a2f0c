import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "@peerbot/testing";

/** One address for several replicas, as a Kubernetes Service is. */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
}

/** Passes each connection on to the next replica that takes it; one that stands still takes connections, too. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  let next = 0;
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    caller.on("error", () => caller.destroy());
    open.add(caller);
    caller.once("close", () => open.delete(caller));
    next += 1;
    const order = ports.map((_, index) => ports[(next + index) % ports.length] ?? 0);
    void connectFirst(order).then((replica) => join(caller, replica)); // Never rejects.
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}

async function connectFirst(ports: readonly number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const socket = connect({ port, host: "127.0.0.1" });
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      socket.destroy(); // It is dead or starting: the next one is asked.
    }
  }
  return undefined;
}

function join(caller: Socket, replica: Socket | undefined): void {
  if (replica === undefined || caller.destroyed) {
    caller.destroy();
    replica?.destroy();
    return;
  }
  replica.on("error", () => replica.destroy());
  replica.once("close", () => caller.destroy());
  caller.once("close", () => replica.destroy());
  caller.pipe(replica);
  replica.pipe(caller);
}

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** One address for several processes, as a Kubernetes Service is for pods. */
export interface FrontDoor extends AsyncDisposable {
  readonly url: string;
  /** Connections made from now on may lead there. */
  open(port: number): void;
  /** No new connection leads there; those that are there stay. */
  close(port: number): void;
}

/**
 * Leads each connection to the next process. With `skipsDead` one that refuses it is passed over, as a pod is whose death
 * is known; otherwise the caller meets the refusal. One that stands still takes connections either way.
 */
export async function openFrontDoor(
  port: number,
  { leadsTo = [], skipsDead = false }: { leadsTo?: readonly number[]; skipsDead?: boolean } = {},
): Promise<FrontDoor> {
  const backends = [...leadsTo];
  const sockets = new Set<Socket>();
  let turn = 0;
  const inTurn = (): number[] => {
    turn += 1;
    const start = turn % Math.max(1, backends.length);
    const order = [...backends.slice(start), ...backends.slice(0, start)];
    return skipsDead ? order : order.slice(0, 1);
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((caller) => {
    keep(caller);
    caller.on("error", () => caller.destroy());
    void connectFirst(inTurn(), keep).then((backend) => join(caller, backend)); // Never rejects.
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    open: (backend) => void backends.push(backend),
    close: (backend) => void backends.splice(backends.indexOf(backend), 1),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

async function connectFirst(ports: readonly number[], keep: (socket: Socket) => void): Promise<Socket | undefined> {
  for (const port of ports) {
    const socket = connect({ port, host: "127.0.0.1" });
    keep(socket);
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      socket.destroy(); // It is dead or starting.
    }
  }
  return undefined;
}

/** What breaks on one side is broken on the other. */
function join(caller: Socket, backend: Socket | undefined): void {
  if (backend === undefined || caller.destroyed) {
    caller.destroy();
    backend?.destroy();
    return;
  }
  backend.on("error", () => backend.destroy());
  backend.once("close", () => caller.destroy());
  caller.once("close", () => backend.destroy());
  caller.pipe(backend);
  backend.pipe(caller);
}

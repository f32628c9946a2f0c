import { once } from "node:events";
import { createServer } from "node:net";
import type { ServiceName } from "./service-names.ts";

export interface StackPorts {
  ingress: number;
  sandbox: number;
  gateway: number;
  /** Of health, readiness and metrics; the sandbox has all of its own on one port. */
  internal: Readonly<Record<Exclude<ServiceName, "sandbox">, number>>;
}

export const DEFAULT_PORTS: StackPorts = {
  ingress: 3000,
  sandbox: 3100,
  gateway: 3200,
  internal: { ingress: 9091, launcher: 9092, gateway: 9093, streamer: 9094 },
};

/** Every port is free: for stacks of which several run at a time. */
export const FREE_PORTS: StackPorts = {
  ingress: 0,
  sandbox: 0,
  gateway: 0,
  internal: { ingress: 0, launcher: 0, gateway: 0, streamer: 0 },
};

/** The wished ports, each replaced by a free one where it is 0 or taken. */
export async function choosePorts(wished: StackPorts): Promise<{ ports: StackPorts; replaced: string[] }> {
  const replaced: string[] = [];
  // Held until all are chosen, so that no free port is found twice.
  await using held = new AsyncDisposableStack();
  const choose = async (what: string, port: number): Promise<number> => {
    const chosen = (await hold(port, held)) ?? (await hold(0, held));
    if (chosen === undefined) throw new Error("this machine has no free TCP port");
    if (port !== 0 && chosen !== port) replaced.push(`Port ${port} (${what}) is taken; using ${chosen}.`);
    return chosen;
  };
  const ports: StackPorts = {
    ingress: await choose("ingress", wished.ingress),
    sandbox: await choose("sandbox", wished.sandbox),
    gateway: await choose("gateway", wished.gateway),
    internal: {
      ingress: await choose("ingress, internal", wished.internal.ingress),
      launcher: await choose("launcher, internal", wished.internal.launcher),
      gateway: await choose("gateway, internal", wished.internal.gateway),
      streamer: await choose("streamer, internal", wished.internal.streamer),
    },
  };
  return { ports, replaced };
}

/** Listens until `held` is disposed; unset when the port is taken or not allowed. */
async function hold(port: number, held: AsyncDisposableStack): Promise<number | undefined> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return undefined;
  }
  held.defer(async () => {
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : undefined;
}

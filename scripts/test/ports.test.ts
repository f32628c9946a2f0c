import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "@peerbot/testing";
import { expect } from "chai";
import { choosePorts, FREE_PORTS } from "../stack/ports.ts";

describe("the choice of ports", () => {
  it("keeps wished ports, replaces taken ones and says so", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const takenPort = typeof address === "object" && address !== null ? address.port : 0;
    const wishedPort = await freePort();

    const { ports, replaced } = await choosePorts({ ...FREE_PORTS, ingress: takenPort, gateway: wishedPort });

    taken.close();
    expect(ports.gateway).to.equal(wishedPort);
    expect(ports.ingress).not.to.equal(takenPort);
    expect(replaced).to.deep.equal([`Port ${takenPort} (ingress) is taken; using ${ports.ingress}.`]);
  });

  it("never gives the same free port twice", async () => {
    const { ports } = await choosePorts(FREE_PORTS);
    const all = [ports.ingress, ports.sandbox, ports.gateway, ...Object.values(ports.internal)];
    expect(new Set(all).size).to.equal(all.length);
  });
});

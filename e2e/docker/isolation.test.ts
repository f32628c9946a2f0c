import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import { type DockerBench, openDockerBench } from "./docker-bench.ts";
import { describeWithEngine } from "./with-engine.ts";

/** Goes where its gateway sends it, and tells what it found. */
const EXPLORER = `
const net = require("node:net");
const dns = require("node:dns/promises");
const fs = require("node:fs");
const os = require("node:os");
require("node:http").createServer((_, response) => response.end("a dev server")).listen(8000);
const reach = ([host, port]) => new Promise((resolve) => {
  const socket = net.connect({ host, port, timeout: 1500 }, () => { socket.destroy(); resolve("reached"); });
  socket.on("timeout", () => { socket.destroy(); resolve("unreachable"); });
  socket.on("error", () => resolve("unreachable"));
});
const write = (path) => { try { fs.writeFileSync(path, "x"); return "written"; } catch { return "refused"; } };
(async () => {
  const tell = (body) => fetch(process.env.GATEWAY_URL, { method: "POST", body: JSON.stringify(body) }).then((r) => r.json());
  const address = Object.values(os.networkInterfaces()).flat().find(({ internal }) => !internal).address;
  const orders = await tell({ address });
  const found = {};
  for (const place of orders.places) found[place.join(":")] = await reach(place);
  for (const name of orders.names) found[name] = await dns.lookup(name).then(() => "resolved", () => "unknown");
  for (const path of orders.paths) found[path] = write(path);
  found.uid = process.getuid();
  found.capabilities = /CapEff:\\s*(\\w+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];
  found.bounding = /CapBnd:\\s*(\\w+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];
  found.seccomp = /Seccomp:\\s*(\\d)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];
  found.socket = fs.existsSync("/var/run/docker.sock");
  found.memory = process.constrainedMemory();
  found.token = [process.env.START_TOKEN, fs.existsSync("/workspace/tmp/start-token")];
  await tell({ found }).catch(() => {}); // whoever has heard it may be gone before it answers
  setInterval(() => {}, 1000);
})();`;

interface Orders {
  places?: [string, number][];
  names?: string[];
  paths?: string[];
}

await describeWithEngine("A worker in a container", (address) => {
  let bench: DockerBench;
  let server: Server;
  let addresses: string[];
  let reports: Record<string, unknown>[];
  let orders: Orders;
  beforeEach(async () => {
    bench = await openDockerBench(address, { scripts: [EXPLORER] });
    [addresses, reports, orders] = [[], [], {}];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const told = JSON.parse(body);
        if (told.address !== undefined) addresses.push(told.address);
        if (told.found !== undefined) reports.push(told.found);
        response.setHeader("connection", "close");
        response.end(JSON.stringify({ places: [], names: [], paths: [], ...orders }));
      });
    });
    server.listen(0, bench.host);
    await once(server, "listening");
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await bench[Symbol.asyncDispose]();
  });
  const port = () => (server.address() as AddressInfo).port;

  it("reaches the gateway, and neither the machine, other services, other workers, the metadata address nor the internet", async () => {
    const runner = bench.createRunner(EXPLORER);
    const gatewayUrl = await bench.urlOf(port());
    const redis = await bench.startGateway(["node", "-e", "require('node:net').createServer().listen(6379)"]);
    const service = Object.values((await redis.inspect()).NetworkSettings.Networks)[0]?.IPAddress ?? "";
    const [one, two] = [aRun({ gatewayUrl }), aRun({ gatewayUrl })];
    await runner.start(one);
    const first = await until(() => addresses[0], { what: "the first worker", timeoutMs: 30_000 });
    const firstNetwork = first.replace(/\d+$/, (last) => String(Math.floor(Number(last) / 16) * 16 + 1));
    orders = {
      places: [
        ["gateway", 3200],
        [first, 8000],
        [firstNetwork, port()],
        [bench.host, port()],
        [service, 6379],
        ["172.17.0.1", port()],
        ["169.254.169.254", 80],
        ["1.1.1.1", 443],
      ],
      names: ["example.com", one.name],
    };
    await runner.start(two);
    const found = await until(() => reports.find((report) => "gateway:3200" in report), {
      what: "the second worker's report",
      timeoutMs: 60_000,
    });
    expect(found["gateway:3200"]).to.equal("reached");
    for (const place of orders.places?.slice(1) ?? [])
      expect(found[place.join(":")], place.join(":")).to.equal("unreachable");
    for (const name of orders.names ?? []) expect(found[name], name).to.equal("unknown");
    for (const run of [one, two]) await runner.remove(run.name);
  });

  it("is an ordinary user without any right, and writes to its own folders alone", async () => {
    const runner = bench.createRunner(EXPLORER);
    const run = aRun({ gatewayUrl: await bench.urlOf(port()), startToken: bench.tokenLike() });
    orders = {
      paths: [
        "/etc/x",
        "/x",
        "/workspace/deadline",
        "/usr/local/bin/node",
        "/workspace/run/x",
        "/workspace/home/x",
        "/tmp/x",
      ],
    };
    await runner.start(run);
    const found = await until(() => reports[0], { what: "the report", timeoutMs: 30_000 });
    const [refused, written] = ["refused", "written"];
    expect(found).to.deep.include({
      "/etc/x": refused,
      "/x": refused,
      "/workspace/deadline": refused,
      "/usr/local/bin/node": refused,
      "/workspace/run/x": written,
      "/workspace/home/x": written,
      "/tmp/x": written,
      uid: 1000,
      capabilities: "0".repeat(16),
      bounding: "0".repeat(16),
      seccomp: "2",
      socket: false,
      memory: 2 ** 29,
      token: [bench.tokenLike().reveal(), false],
    });
    expect(JSON.stringify(await bench.inspect(run.name))).not.to.include(bench.tokenLike().reveal());
  });

  it("finds a gateway that was deployed anew while it runs", async () => {
    const runner = bench.createRunner(EXPLORER);
    const gatewayUrl = await bench.urlOf(port());
    const run = aRun({ gatewayUrl });
    await runner.start(run);
    await until(() => reports[0], { what: "the report", timeoutMs: 30_000 });
    for (const gateway of bench.gateways) await gateway.remove({ force: true });
    await bench.urlOf(port());
    const { Id } = await bench.inspect(run.name);
    const ask =
      "fetch('http://gateway:3200', { method: 'POST', body: '{}' }).then(() => process.exit(0), () => process.exit(1))";
    await until(
      async () => {
        const command = await bench.docker.getContainer(Id).exec({ Cmd: ["node", "-e", ask] });
        (await command.start({ Detach: true })).destroy();
        return until(async () => ((await command.inspect()).ExitCode === 0 ? true : undefined), {
          what: "an answer",
          timeoutMs: 3_000,
        });
      },
      { what: "the new gateway to answer the worker", timeoutMs: 30_000 },
    );
  });

  it("leaves nothing on the engine, and no gateway that cannot start again", async () => {
    const runner = bench.createRunner(EXPLORER);
    const run = aRun({ gatewayUrl: await bench.urlOf(port()) });
    await runner.start(run);
    const [gateway] = bench.gateways;
    await gateway?.stop({ t: 0 });
    await runner.remove(run.name);
    const filters = { label: [`claude.ai/instance=${bench.instance}`, "claude.ai/run"] };
    expect(await bench.docker.listContainers({ all: true, filters })).to.deep.equal([]);
    expect(await bench.docker.listNetworks({ filters })).to.deep.equal([]);
    expect((await bench.docker.listVolumes({ filters })).Volumes ?? []).to.deep.equal([]);
    await gateway?.start();
  });
});

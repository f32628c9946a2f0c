import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort, until } from "@peerbot/testing";
import { expect } from "chai";
import { noticesIn, phasesIn } from "./read-events.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

describe("a worker whose run has a Docker of its own", function () {
  this.timeout(60_000);
  let bench: Bench;
  let daemon: Server | undefined;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
  });
  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
    daemon?.close();
    daemon = undefined;
  });
  const asked = () => bench.gateway.modelBodies.join("\n");

  it("prepares everything else meanwhile, says that it takes long, and begins once the daemon answers", async () => {
    const { gateway } = bench;
    let isUp = false;
    daemon = createServer((_, response) => response.writeHead(isUp ? 200 : 503).end()).listen(0, "127.0.0.1");
    await once(daemon, "listening");
    const address = `tcp://127.0.0.1:${(daemon.address() as AddressInfo).port}`;
    gateway.receive({ text: "script: bash echo $DOCKER_HOST > where.txt ;; say Done" });
    const worker = bench.startWorker({ env: { DOCKER_HOST: address, DOCKER_START_SECONDS: "30" } });

    await until(() => noticesIn(gateway.run.events).length > 0, { what: "word of the slow daemon", timeoutMs: 30_000 });
    expect(noticesIn(gateway.run.events)).to.deep.equal(["Docker is still starting; I begin as soon as it is there."]);
    expect(phasesIn(gateway.run.events)).to.deep.equal(["preparing", "cloning", "restoring"]);
    isUp = true;

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(noticesIn(gateway.run.events)).to.have.lengthOf(1);
    expect(await bench.git("show", `${bench.branch}:where.txt`)).to.equal(address);
    expect(asked())
      .to.include("The docker command reaches a daemon of your own")
      .and.not.include("no Docker in this run");
  });

  it("goes on without when the daemon does not come, and both the thread and the agent are told", async () => {
    const { gateway } = bench;
    gateway.receive({ text: "create hello.txt saying hi" });
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${await freePort()}`, DOCKER_START_SECONDS: "2" };
    const worker = bench.startWorker({ env });

    expect(await worker.exitCode(), worker.log()).to.equal(0);
    expect(gateway.run.finished?.outcome).to.equal("completed");
    expect(noticesIn(gateway.run.events).at(-1)).to.match(/^Docker did not start, so I go on without it\./);
    expect(asked()).to.include("There is no Docker in this run");
    expect(await bench.git("log", "-1", "--format=%B", bench.branch)).not.to.include("Docker");
  });
});

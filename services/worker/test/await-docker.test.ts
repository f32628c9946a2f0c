import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { awaitDocker } from "../src/await-docker.ts";

describe("Waiting for a run's Docker daemon", () => {
  let folder: TemporaryFolder;
  let daemon: Server | undefined;
  let told: string[];
  const left = () => new AbortController().signal;

  beforeEach(async () => {
    told = [];
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    daemon?.closeAllConnections();
    daemon?.close();
    daemon = undefined;
    await folder[Symbol.asyncDispose]();
  });

  async function listen(answer: RequestListener): Promise<string> {
    const socket = join(folder.path, "docker.sock");
    daemon = createServer(answer).listen(socket);
    await once(daemon, "listening");
    return `unix://${socket}`;
  }
  const wait = (address: string, { patienceMs = 10_000, signal = left() } = {}) =>
    awaitDocker({ address, patienceMs, tell: (text) => told.push(text), signal });

  it("is over without a word once the daemon answers on its socket", async () => {
    const asked: string[] = [];
    const address = await listen(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.end("OK");
    });
    expect(await wait(address)).to.equal("ready");
    expect(told).to.deep.equal([]);
    expect(asked).to.deep.equal(["GET /_ping"]);
  });

  it("goes on while the daemon answers that it is not ready", async () => {
    let count = 0;
    const address = await listen((_, response) => {
      count += 1;
      response.writeHead(count < 3 ? 503 : 200).end();
    });
    expect(await wait(address)).to.equal("ready");
    expect(count).to.equal(3);
  });

  for (const [what, listenOrNot] of [
    ["does not listen", () => Promise.resolve("unix:///nowhere/docker.sock")],
    ["takes the question and says nothing", () => listen(() => {})],
  ] as const) {
    it(`is given up, which is told after that it takes long, when it ${what}`, async () => {
      expect(await wait(await listenOrNot(), { patienceMs: 300 })).to.equal("absent");
      expect(told).to.have.lengthOf(2);
      expect(told[0]).to.match(/^Docker is still starting/);
      expect(told[1]).to.match(/^Docker did not start, so I go on without it/);
    });
  }

  it("ends with the run, and then nothing is said", async () => {
    const leaving = new AbortController();
    const waiting = wait("tcp://127.0.0.1:1", { signal: leaving.signal });
    leaving.abort();
    expect(await waiting).to.equal("absent");
    expect(told).to.deep.equal([]);
  });
});

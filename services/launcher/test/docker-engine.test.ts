import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { connectEngine, type Engine } from "../src/runner/docker/engine.ts";
import { engineFailureOf, refusalOf } from "../src/runner/docker/engine-failure.ts";

interface Answer {
  status: number;
  body?: unknown;
}

/** What Docker 20.10 says of a container in the moment in which somebody removes it. */
const BEING_REMOVED: Answer = {
  status: 500,
  body: { message: `RWLayer of container ${"0123456789abcdef".repeat(4)} is unexpectedly nil` },
};
const BROKEN: Answer = { status: 500, body: { message: "RWLayer of the machine is full" } };
const GONE: Answer = { status: 404, body: { message: "No such container: run-1" } };

describe("A Docker engine that is removing the container it is asked about", () => {
  let server: Server;
  let engine: Engine;
  /** Given one after the other; the last one for good. */
  let answers: Answer[] = [];
  let asked: string[] = [];

  beforeEach(async () => {
    asked = [];
    server = createServer(async (incoming: IncomingMessage, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url?.replace(/^\/v[\d.]+|\?.*$/g, "")}`);
      incoming.resume();
      await once(incoming, "end");
      const { status, body } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 501 };
      outgoing.writeHead(status, { "content-type": "application/json", connection: "close" });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    engine = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, "here");
  });
  afterEach(async () => {
    server.close();
    await once(server, "close");
  });

  const failureOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    );

  const CALLS: readonly (readonly [request: string, call: () => Promise<unknown>])[] = [
    ["GET /containers/run-1/json", () => engine.inspect("run-1")],
    ["GET /containers/run-1/archive", () => engine.readFile("run-1", "/workspace/deadline")],
    ["PUT /containers/run-1/archive", () => engine.putArchive("run-1", Buffer.from("tar"), "/workspace")],
    ["POST /containers/run-1/stop", () => engine.stop("run-1", 30)],
    ["POST /containers/run-1/kill", () => engine.kill("run-1")],
    ["DELETE /containers/run-1", () => engine.removeContainer("run-1")],
    ["POST /networks/net-1/connect", () => engine.connect("net-1", "run-1", "gateway")],
  ];

  for (const [request, call] of CALLS) {
    it(`is taken at once for saying that it is gone: ${request}`, async () => {
      answers = [BEING_REMOVED];
      expect(await call()).to.equal(undefined);
      expect(asked).to.deep.equal([request]);
    });

    it(`is believed in whatever else it complains of: ${request}`, async () => {
      answers = [BROKEN];
      expect(engineFailureOf(await failureOf(call()))).to.deep.equal({
        code: 500,
        message: "RWLayer of the machine is full",
      });
      expect(asked).to.deep.equal([request]);
    });
  }

  it("is asked again where gone is no answer: to start it", async () => {
    answers = [BEING_REMOVED, GONE];
    const failure = await failureOf(engine.start("run-1"));
    expect(engineFailureOf(failure)?.code).to.equal(404);
    expect(asked).to.deep.equal(["POST /containers/run-1/start", "POST /containers/run-1/start"]);
  });

  it("is asked again where it is one of many: to list them", async () => {
    answers = [BEING_REMOVED, { status: 200, body: [{ Id: "gateway-1" }] }];
    expect(await engine.gateways({ all: true })).to.deep.equal(["gateway-1"]);
    expect(asked).to.deep.equal(["GET /containers/json", "GET /containers/json"]);
  });

  it("has not refused the run", () => {
    const complaint = { statusCode: BEING_REMOVED.status, json: BEING_REMOVED.body };
    expect(refusalOf(complaint)).to.equal(complaint);
    const refusal = { statusCode: BROKEN.status, json: BROKEN.body };
    expect(refusalOf(refusal)).to.include({ reason: "could-not-start" });
  });
});

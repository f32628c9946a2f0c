import { expect } from "chai";
import { createRegistry, type InternalServer, startInternalServer } from "../src/index.ts";

describe("the internal listener", () => {
  let server: InternalServer;
  let whyNot: Error | undefined;
  beforeEach(async () => {
    whyNot = undefined;
    server = await startInternalServer({
      host: "127.0.0.1",
      port: 0,
      registry: createRegistry("test"),
      checkReady: async () => {
        if (whyNot !== undefined) throw whyNot;
      },
    });
  });
  afterEach(() => server[Symbol.asyncDispose]());
  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { connection: "close" } });

  it("is ready while the service can do its work", async () => {
    const answer = await get("/ready");
    expect({ status: answer.status, body: await answer.json() }).to.deep.equal({
      status: 200,
      body: { status: "ready" },
    });
  });

  it("answers 503 with the reason while it cannot, and is healthy all the same", async () => {
    whyNot = new Error("Redis is away");
    const answer = await get("/ready");
    expect({ status: answer.status, body: await answer.json() }).to.deep.equal({
      status: 503,
      body: { status: "not-ready", reason: "Redis is away" },
    });
    expect((await get("/health")).status).to.equal(200);
  });

  it("serves the service's metrics under its name", async () => {
    const answer = await get("/metrics");
    expect(answer.headers.get("content-type")).to.match(/^text\/plain/);
    expect(await answer.text()).to.match(/^process_cpu_seconds_total\{service="test"\} /m);
  });
});

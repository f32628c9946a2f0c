import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import { createModelDoor, type ModelDoor } from "../src/model-door.ts";

describe("the agent's door to the model", () => {
  let upstream: Server;
  let door: ModelDoor;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    answer = (request, response) => response.end(`${request.method} ${request.url} as ${request.headers["x-api-key"]}`);
    upstream = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const address = upstream.address();
    const port = typeof address === "object" ? address?.port : undefined;
    door = await createModelDoor({ upstream: `http://127.0.0.1:${port}/anthropic` });
  });
  afterEach(async () => {
    await door[Symbol.asyncDispose]();
    upstream.closeAllConnections();
    upstream.close();
  });

  const ask = (key: string, options: RequestInit = {}) =>
    fetch(`${door.url}/v1/messages?beta=true`, { method: "POST", headers: { "x-api-key": key }, ...options });

  it("puts the run's token in place of its own key", async () => {
    door.open(new Secret("the-token"));

    expect(await (await ask(door.key.reveal(), { body: "{}" })).text()).to.equal(
      "POST /anthropic/v1/messages?beta=true as the-token",
    );
  });

  it("is closed to whoever has not its key, the run's token itself included", async () => {
    door.open(new Secret("the-token"));

    for (const key of ["", "wrong", "the-token", `${door.key.reveal()}x`])
      expect((await ask(key)).status).to.equal(401);
  });

  it("is closed until there is a run", async () => {
    expect((await ask(door.key.reveal())).status).to.equal(503);
  });

  it("passes an answer on as it comes", async () => {
    door.open(new Secret("the-token"));
    const rest = Promise.withResolvers<void>();
    answer = (_request, response) => {
      response.writeHead(529, { "retry-after": "3" });
      response.write("first");
      void rest.promise.then(() => response.end("last"));
    };

    const response = await ask(door.key.reveal());
    expect([response.status, response.headers.get("retry-after")]).to.deep.equal([529, "3"]);
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).to.equal("first");
    rest.resolve();
    expect(new TextDecoder().decode((await reader?.read())?.value)).to.equal("last");
  });

  it("breaks off on one side what breaks off on the other", async () => {
    door.open(new Secret("the-token"));
    const given = Promise.withResolvers<ServerResponse>();
    answer = (_request, response) => {
      response.write("some");
      given.resolve(response);
    };
    const cut = await ask(door.key.reveal());
    (await given.promise).destroy();
    expect(await cut.text().catch(() => "broken off")).to.equal("broken off");

    const left = Promise.withResolvers<void>();
    answer = (_request, response) => {
      response.write("some");
      response.on("close", () => left.resolve());
    };
    const leaving = new AbortController();
    await ask(door.key.reveal(), { signal: leaving.signal });
    leaving.abort();
    await left.promise;
  });

  it("breaks off when the gateway is away", async () => {
    door.open(new Secret("the-token"));
    answer = (request) => request.socket.destroy();

    expect(await ask(door.key.reveal()).catch(() => "broken off")).to.equal("broken off");
  });
});

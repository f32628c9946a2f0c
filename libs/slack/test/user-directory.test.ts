import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { createLogger, Secret } from "@peerbot/runtime";
import { type TestRedis, testRedis } from "@peerbot/testing";
import { expect } from "chai";
import { createSlackUserDirectory, personFrom } from "../src/user-directory.ts";

const ADA = { team: "T1", id: "U1ADA" };

describe("the directory of people", () => {
  let corner: TestRedis;
  let server: Server;
  let asked: string[];
  let answer: unknown;
  beforeEach(async () => {
    corner = await testRedis();
    asked = [];
    server = createServer((request, response) => {
      void (async () => {
        asked.push(`${request.url} ${await text(request)} ${request.headers.authorization}`);
        response.setHeader("connection", "close").setHeader("content-type", "application/json");
        response.end(JSON.stringify(answer));
      })();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await corner[Symbol.asyncDispose]();
  });

  function directory() {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return createSlackUserDirectory({
      token: new Secret("xoxb-1"),
      apiUrl: `http://127.0.0.1:${port}/api`,
      redis: corner.redis,
      prefix: corner.prefix,
      logger: createLogger({ service: "test", level: "fatal" }),
    });
  }

  it("asks Slack for a person's name and address, once for all launchers", async () => {
    const profile = { display_name: "ada", real_name: "Ada Lovelace", email: "ada@example.com" };
    answer = { ok: true, user: { id: "U1ADA", name: "ada.l", profile } };
    const expected = { ...ADA, name: "ada", email: "ada@example.com" };
    expect(await directory().personOf(ADA)).to.deep.equal(expected);
    expect(await directory().personOf(ADA)).to.deep.equal(expected);
    expect(asked).to.deep.equal(["/api/users.info user=U1ADA Bearer xoxb-1"]);
  });

  it("calls people by their ids while Slack does not answer, and does not remember that for long", async () => {
    answer = { ok: false, error: "internal_error" };
    expect(await directory().personOf(ADA)).to.deep.equal({ ...ADA, name: "U1ADA" });
    const [key = ""] = await corner.redis.keys(`${corner.prefix}:person:*`);
    expect(await corner.redis.ttl(key)).to.be.within(1, 60);
  });

  it("takes the first name that is not empty, and no address that is none", () => {
    expect(
      personFrom(ADA, { name: "ada.l", profile: { display_name: " ", real_name: "Ada", email: "nope" } }),
    ).to.deep.equal({ ...ADA, name: "Ada" });
    expect(personFrom(ADA, { profile: {} })).to.deep.equal({ ...ADA, name: "U1ADA" });
  });
});

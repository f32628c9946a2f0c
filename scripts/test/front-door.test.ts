import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "@peerbot/testing";
import { expect } from "chai";
import { type FrontDoor, openFrontDoor } from "../stack/front-door.ts";

describe("One address for several processes", () => {
  const servers: Server[] = [];
  let door: FrontDoor;
  afterEach(async () => {
    await door[Symbol.asyncDispose]();
    for (const server of servers.splice(0)) server.close();
  });

  async function process(name: string): Promise<number> {
    const server = createServer((_, answer) => answer.setHeader("connection", "close").end(name));
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  }
  const answer = () =>
    fetch(door.url, { headers: { connection: "close" } }).then(
      (response) => response.text(),
      () => "refused",
    );
  const answers = async (count: number) => {
    const given: string[] = [];
    while (given.length < count) given.push(await answer());
    return given;
  };

  it("leads to all of them in turn, as they come and go", async () => {
    const [one, two] = [await process("one"), await process("two")];
    door = await openFrontDoor(await freePort());
    expect(await answer()).to.equal("refused");
    door.open(one);
    door.open(two);
    expect((await answers(4)).toSorted()).to.deep.equal(["one", "one", "two", "two"]);
    door.close(one);
    expect(await answers(2)).to.deep.equal(["two", "two"]);
  });

  it("lets the caller meet one that is dead, unless the dead are known", async () => {
    const leadsTo = [await process("one"), await freePort()];
    door = await openFrontDoor(await freePort(), { leadsTo });
    expect((await answers(4)).toSorted()).to.deep.equal(["one", "one", "refused", "refused"]);
    await door[Symbol.asyncDispose]();
    door = await openFrontDoor(await freePort(), { leadsTo, skipsDead: true });
    expect(await answers(4)).to.deep.equal(["one", "one", "one", "one"]);
  });
});

import { expect } from "chai";
import { testRedis } from "../src/index.ts";

describe("a test's Redis", () => {
  it("is one server with a prefix for each test", async () => {
    await using first = await testRedis();
    await using second = await testRedis();
    expect(first.url).to.equal(second.url);
    expect(first.prefix).to.match(/^[a-z0-9-]+$/);
    expect(first.prefix).not.to.equal(second.prefix);
  });

  it("takes its own keys away and leaves those of others", async () => {
    await using other = await testRedis();
    await other.redis.set(`${other.prefix}:kept`, "1");
    const mine = await testRedis();
    await mine.redis.set(`{${mine.prefix}}:braced`, "1");
    await mine.redis.set(`${mine.prefix}:plain`, "1");

    await mine[Symbol.asyncDispose]();

    expect(await other.redis.keys(`*${mine.prefix}*`)).to.deep.equal([]);
    expect(await other.redis.get(`${other.prefix}:kept`)).to.equal("1");
  });
});

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { testRedis } from "@peerbot/testing";
import { expect } from "chai";

const LOG_FAILURES = fileURLToPath(new URL("./programs/log-failures.ts", import.meta.url));

describe("a log", () => {
  it("holds JSON lines with what failed, but no message of a person, header or secret", async function () {
    this.timeout(10_000);
    await using corner = await testRedis();
    const { stdout } = await promisify(execFile)(process.execPath, [LOG_FAILURES, corner.url, corner.prefix]);
    const [refused, request] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(refused).to.include({ service: "test", level: 50, msg: "redis-refused" });
    expect(refused.err.message).to.match(/^WRONGTYPE/);
    expect(refused.err.stack).to.be.a("string");
    expect(request).to.include({ msg: "request", token: "[secret]" });
    expect(stdout).to.not.match(/private message|open-sesame/);
  });
});

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "../src/main.ts");

describe("loading a worker's program", () => {
  it("can be done for its own sake, so that Node keeps what it compiled", async () => {
    await using folder = await temporaryFolder();
    const cache = join(folder.path, "compiled");
    const { stdout } = await run(process.execPath, [MAIN, "--load"], { env: { NODE_COMPILE_CACHE: cache } });
    expect(stdout).to.equal("");
    expect(await readdir(cache)).to.have.length(1);
  });

  it("brings in nothing that takes long and that no worker needs", async () => {
    const print = `
      import { createRequire } from "node:module";
      await import(${JSON.stringify(join(import.meta.dirname, "../src/compose.ts"))});
      console.log(Object.keys(createRequire(${JSON.stringify(MAIN)}).cache).join("\\n"));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", print]);
    expect(stdout).to.contain("/pino/");
    expect(stdout).not.to.match(/\/(fastify|ioredis|prom-client|bullmq)\//);
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { temporaryFolder } from "../src/index.ts";
import { describeLeftover } from "../src/leaks.ts";

const ROOT = join(import.meta.dirname, "../../..");
const HOOKS = join(ROOT, "libs/testing/src/hooks.ts");

describe("the root hooks", () => {
  async function runTestFile(source: string): Promise<{ exitCode?: number; stdout: string }> {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "planted.test.ts");
    await writeFile(file, source);
    const mocha = join(ROOT, "node_modules/mocha/bin/mocha.js");
    return await execa(process.execPath, [mocha, "--no-config", "--require", HOOKS, file], {
      cwd: ROOT,
      reject: false,
    });
  }

  it("fail a file that leaves a server and a child process running", async () => {
    const { exitCode, stdout } = await runTestFile(`
      import { spawn } from "node:child_process";
      import { createServer } from "node:net";
      describe("leaky", () => {
        before(() => { spawn("sleep", ["5"]); });
        it("passes", () => { createServer().listen(0); });
      });
    `);
    expect(stdout)
      .to.contain("planted.test.ts leaves running")
      .and.to.contain("1 child process")
      .and.to.contain("1 TCP server");
    expect(exitCode).not.to.equal(0);
  });

  it("let pass a file that stops what it started", async () => {
    const { exitCode } = await runTestFile(`
      import { createServer } from "node:net";
      describe("tidy", () => {
        const server = createServer();
        before(() => { server.listen(0); });
        after(() => { server.close(); });
        it("passes", () => {});
      });
    `);
    expect(exitCode).to.equal(0);
  });
});

describe("what is left over", () => {
  it("is what there is more of than before", () => {
    const before = new Map([["TCP server", 1]]);
    const after = new Map([
      ["TCP server", 3],
      ["child process", 1],
    ]);
    expect(describeLeftover(before, after)).to.equal("2 TCP servers, 1 child process");
    expect(describeLeftover(after, before)).to.equal("");
  });
});

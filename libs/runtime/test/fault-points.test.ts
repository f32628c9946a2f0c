import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FAULT_POINTS } from "@peerbot/runtime";
import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";

const PROGRAM = join(import.meta.dirname, "programs/pass-fault-point.ts");
const POINT = "ingress.before-ack";

describe("fault points", () => {
  it("do nothing without a folder, and nothing where no file names them", async () => {
    await using folder = await temporaryFolder();
    expect(await pass()).to.include({ stdout: "passed" });
    expect(await pass(folder.path)).to.include({ stdout: "passed" });
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it("kill the process that comes by, once, and leave a note of it", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, POINT), "");
    const struck = await pass(folder.path);
    expect(struck.signal).to.equal("SIGKILL");
    expect(struck.stdout).to.equal("");
    expect(await readFile(join(folder.path, "hits.log"), "utf8")).to.match(/^ingress\.before-ack \d+ \d+ kill\n$/);
    expect(await pass(folder.path)).to.include({ stdout: "passed" });
  });

  it("strike one process only when several come by together", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, POINT), "kill");
    const all = await Promise.all([pass(folder.path), pass(folder.path), pass(folder.path)]);
    expect(all.filter(({ signal }) => signal === "SIGKILL")).to.have.length(1);
  });

  it("throw or wait instead when the file says so", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, POINT), "throw\n");
    expect((await pass(folder.path)).stdout).to.equal("threw fault point ingress.before-ack");
    await writeFile(join(folder.path, POINT), "delay 300");
    const startedAt = performance.now();
    expect((await pass(folder.path)).stdout).to.equal("passed");
    expect(performance.now() - startedAt).to.be.greaterThan(300);
  });

  it("let the whole process stand still when the file says so", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, POINT), "freeze 400");
    const { stdout } = await pass(folder.path, "tick");
    expect(stdout).to.equal("passed after 0 ticks");
    await writeFile(join(folder.path, POINT), "delay 400");
    expect((await pass(folder.path, "tick")).stdout).to.match(/^passed after [1-9]\d* ticks$/);
  });

  it("each have a name of their own", () => {
    expect(new Set(FAULT_POINTS.map(({ name }) => name))).to.have.property("size", FAULT_POINTS.length);
  });
});

function pass(directory = "", ...options: string[]) {
  return execa(process.execPath, [PROGRAM, directory, ...options], { reject: false });
}

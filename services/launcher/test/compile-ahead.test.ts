import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { compileAhead } from "../src/runner/process/compile-ahead.ts";

describe("what is compiled ahead of the workers", () => {
  let folder: TemporaryFolder;
  let directory: string;
  let warnings: unknown[];
  const logger = { warn: (...told: unknown[]) => warnings.push(told) };

  beforeEach(async () => {
    folder = await temporaryFolder();
    directory = folder.path;
    warnings = [];
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const compile = async (source: string) => {
    const program = join(directory, "program.mjs");
    await writeFile(program, source);
    const command = [process.execPath, program] as const;
    return compileAhead({ command, directory, searchPath: process.env.PATH ?? "", logger });
  };

  it("is there once the program has loaded, and goes with its launcher", async () => {
    await mkdir(join(directory, ".compiled-999999999"));
    const code = await compile("if (process.argv[2] !== '--load') throw new Error('it was told to work');");
    const compiled = await until(() => code.folder, { what: "the code to be compiled" });
    expect(await readdir(compiled)).not.to.deep.equal([]);
    // A dead launcher's is cleared away.
    expect(existsSync(join(directory, ".compiled-999999999"))).to.equal(false);

    await code[Symbol.asyncDispose]();
    expect(existsSync(compiled)).to.equal(false);
  });

  it("is done without when the program fails", async () => {
    await using code = await compile("throw new Error('no');");
    await until(() => warnings.length > 0, { what: "a warning" });
    expect(code.folder).to.equal(undefined);
  });
});

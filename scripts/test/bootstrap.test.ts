import { chmod, copyFile, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";

const BOOTSTRAP = join(import.meta.dirname, "../bootstrap.mjs");
const PRINTS = `console.log(JSON.stringify({ arguments: process.argv.slice(2), path: process.env.PATH })); process.exitCode = 7;`;

describe("the bootstrap of a command", () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, "scripts"));
    await mkdir(join(folder.path, "bin"));
    await copyFile(BOOTSTRAP, join(folder.path, "scripts/bootstrap.mjs"));
    await write("package.json", JSON.stringify({ devDependencies: { node: process.version.slice(1) } }));
    await write("package-lock.json", "{}");
    await write("print.ts", PRINTS);
    await npmDoes(
      `mkdir -p node_modules/node/bin && ln -s "${await realpath(process.execPath)}" node_modules/node/bin/node`,
    );
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const write = (name: string, text: string) => writeFile(join(folder.path, name), text);

  /** Puts an npm on the PATH that notes its arguments and then does what is told. */
  async function npmDoes(deed: string): Promise<void> {
    await write("bin/npm", `#!/bin/sh\necho "$@" >> npm-calls\n${deed}\n`);
    await chmod(join(folder.path, "bin/npm"), 0o755);
  }

  const npmCalls = async () => (await readFile(join(folder.path, "npm-calls"), "utf8").catch(() => "")).trim();

  function start(...parameters: string[]) {
    return execa(process.execPath, ["scripts/bootstrap.mjs", ...parameters], {
      cwd: folder.path,
      env: { PATH: `${join(folder.path, "bin")}:/usr/bin:/bin` },
      reject: false,
    });
  }

  it("installs what is missing, then runs the script with its arguments and passes on its exit code", async () => {
    const { exitCode, stdout, stderr } = await start("print.ts", "one", "two words");
    expect(await npmCalls()).to.equal("ci --no-audit --no-fund");
    expect(stderr).to.contain("Installing").and.to.contain("Installed in");
    expect(JSON.parse(stdout).arguments).to.deep.equal(["one", "two words"]);
    expect(JSON.parse(stdout).path.split(":")[0]).to.equal(join(folder.path, "node_modules/.bin"));
    expect(exitCode).to.equal(7);
  });

  it("installs once, not with every start", async () => {
    await start("print.ts");
    const { exitCode, stdout, stderr } = await start("print.ts", "again");
    expect((await npmCalls()).split("\n")).to.have.lengthOf(1);
    expect(stderr).to.equal("");
    expect(JSON.parse(stdout).arguments).to.deep.equal(["again"]);
    expect(JSON.parse(stdout).path.split(":")[0]).to.equal(join(folder.path, "node_modules/.bin"));
    expect(exitCode).to.equal(7);
  });

  it("installs anew when the lock file has changed", async () => {
    await start("print.ts");
    await npmDoes("true");
    await write("package-lock.json", '{ "changed": true }');
    await start("print.ts");
    expect((await npmCalls()).split("\n")).to.have.lengthOf(2);
  });

  it("says what to do when npm fails", async () => {
    await npmDoes("echo 'no network' >&2; exit 3");
    const { exitCode, stderr } = await start("print.ts");
    expect(stderr).to.contain("no network").and.to.contain("npm ci failed (exit code 3)");
    expect(exitCode).to.equal(1);
  });

  it("says what to do when the pinned Node was not installed", async () => {
    await npmDoes("mkdir -p node_modules");
    const { exitCode, stderr } = await start("print.ts");
    expect(stderr).to.contain(`Node ${process.version} is missing`).and.to.contain("npm ci --ignore-scripts=false");
    expect(exitCode).to.equal(1);
  });

  it("refuses a Node of another version", async () => {
    const other =
      "printf '#!/bin/sh\\necho v20.0.0\\n' > node_modules/node/bin/node && chmod +x node_modules/node/bin/node";
    await npmDoes(`mkdir -p node_modules/node/bin && ${other}`);
    const { exitCode, stderr } = await start("print.ts");
    expect(stderr).to.contain(`should be Node ${process.version} and is v20.0.0`);
    expect(exitCode).to.equal(1);
  });

  it("names a script that does not exist", async () => {
    const { exitCode, stderr } = await start("nowhere.ts");
    expect(stderr).to.equal("There is no nowhere.ts.");
    expect(exitCode).to.equal(1);
  });

  for (const when of ["right after an installation", "in every later start"]) {
    it(`lets the script answer a signal ${when}`, async () => {
      if (when !== "right after an installation") await start("print.ts");
      await write(
        "wait.ts",
        `process.on("SIGTERM", () => process.exit(5)); setInterval(() => {}, 1000); console.log("waiting");`,
      );
      const running = start("wait.ts");
      let printed = "";
      running.stdout.on("data", (chunk) => {
        printed += chunk;
      });
      await until(() => printed.includes("waiting"), { what: "the script to run" });
      running.kill("SIGTERM");
      expect((await running).exitCode).to.equal(5);
    });
  }
});

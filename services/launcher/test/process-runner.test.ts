import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger, type Logger, Secret } from "@peerbot/runtime";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { identityOf } from "../src/runner/process/process-identity.ts";
import { createProcessRunner } from "../src/runner/process/process-runner.ts";
import { describeRunEnd } from "../src/runner/process/run-end.ts";
import type { SessionRunner } from "../src/runner/session-runner.ts";
import { aRun, describeSessionRunner, SCRIPTS } from "./runner-conformance.ts";

const silent: Pick<Logger, "warn"> = createLogger({ service: "launcher", level: "fatal" });

function processRunner(
  directory: string,
  script: string,
  { logger = silent, settings = {} }: { logger?: Pick<Logger, "warn">; settings?: Record<string, string> } = {},
): SessionRunner {
  return createProcessRunner({
    directory,
    command: [process.execPath, "-e", script],
    searchPath: process.env.PATH ?? "",
    workEnvironment: settings,
    logger,
    deadlineGraceSeconds: 1,
  });
}

describeSessionRunner("process", async () => {
  const folder = await temporaryFolder();
  return {
    host: "127.0.0.1",
    createRunner: (script, settings = {}) => processRunner(join(folder.path, "runs"), script, { settings }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

describe("the process runner", () => {
  let folder: TemporaryFolder;
  const opened: SessionRunner[] = [];
  const runnerOf = (script: string, logger = silent): SessionRunner => {
    const runner = processRunner(folder.path, script, { logger });
    opened.push(runner);
    return runner;
  };
  const fileOf = (run: { name: string }, ...parts: string[]) => join(folder.path, run.name, ...parts);
  const pidOf = async (run: { name: string }, file: string) =>
    Number.parseInt(await until(() => readFile(fileOf(run, file), "utf8"), { what: `the file ${file}` }), 10);

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const runner of opened.splice(0)) {
      for (const name of await runner.list()) await runner.remove(name);
      await runner[Symbol.asyncDispose]();
    }
    await folder[Symbol.asyncDispose]();
  });

  it("gives a worker nothing of the launcher's environment", async () => {
    process.env.PEERBOT_TEST_SECRET = "hunter2";
    const runner = runnerOf("console.log(JSON.stringify(process.env))");
    const run = aRun({ startToken: new Secret("the-token"), logLevel: "debug" });
    await runner.start(run);
    await runner.ended(run.name, new AbortController().signal);
    delete process.env.PEERBOT_TEST_SECRET;
    expect(JSON.parse(await readFile(fileOf(run, "output.log"), "utf8"))).to.deep.equal({
      PATH: process.env.PATH,
      HOME: fileOf(run, "home"),
      TMPDIR: fileOf(run, "tmp"),
      LANG: "C.UTF-8",
      GATEWAY_URL: "http://127.0.0.1:9",
      START_TOKEN: "the-token",
      WORKSPACE_DIR: fileOf(run, "workspace"),
      LOG_LEVEL: "debug",
    });
  });

  it("does not fit workers that are told otherwise how to work", () => {
    const fitOf = (settings: Record<string, string>) => {
      const runner = processRunner(folder.path, SCRIPTS.waits, { settings });
      opened.push(runner);
      return runner.fit;
    };
    expect(fitOf({ MAX_TURNS: "7" })).to.equal(fitOf({ MAX_TURNS: "7" }));
    expect(fitOf({ MAX_TURNS: "7" })).not.to.equal(fitOf({ MAX_TURNS: "8" }));
  });

  it("keeps what a run holds from other users of the machine", async () => {
    const runner = runnerOf(SCRIPTS.waits);
    const run = aRun();
    await runner.start(run);
    expect((await stat(fileOf(run))).mode & 0o777).to.equal(0o700);
    expect((await stat(fileOf(run, "output.log"))).mode & 0o777).to.equal(0o600);
  });

  it("gives the start token neither to a file nor to the list of processes", async () => {
    const runner = runnerOf(SCRIPTS.waits);
    const run = aRun({ startToken: new Secret("eyJhbGciOi.the-token.signature") });
    await runner.start(run);
    const commandLine = await readFile(`/proc/${await pidOf(run, "worker")}/cmdline`, "utf8").catch(() => "");
    const files = await Promise.all(
      (await readdir(fileOf(run), { withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(fileOf(run, entry.name), "utf8")),
    );
    expect([commandLine, ...files].join()).not.to.include("the-token");
  });

  it("logs the last lines of a worker that failed, without tokens", async () => {
    const lines: string[] = [];
    const logger = { warn: (fields: unknown) => void lines.push(JSON.stringify(fields)) };
    const runner = runnerOf("console.log('last words', process.env.START_TOKEN); process.exit(1)", logger);
    const run = aRun({ startToken: new Secret("eyJhbGciOi.eyJleHAi.c2lnbmF0dXJl") });
    await runner.start(run);
    await runner.ended(run.name, new AbortController().signal);
    expect(lines.join()).to.include("last words [token]").and.not.include("eyJ");
  });

  it("tells by which signal a worker was killed from outside", async () => {
    const runner = runnerOf(SCRIPTS.waits);
    const run = aRun();
    await runner.start(run);
    process.kill(await pidOf(run, "worker"), "SIGKILL");
    const end = await runner.ended(run.name, new AbortController().signal);
    expect(end).to.include({ signal: "SIGKILL" });
    expect(end.reason).to.be.oneOf(["crashed", "out-of-memory"]);
  });

  it("follows a worker on whose leading shell was killed, and notices its end too", async () => {
    const runner = runnerOf(SCRIPTS.waits);
    const run = aRun();
    await runner.start(run);
    const worker = await pidOf(run, "worker");
    let end: unknown;
    const ended = runner.ended(run.name, new AbortController().signal).then((value) => {
      end = value;
    });
    process.kill(await pidOf(run, "leader"), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(end).to.equal(undefined);
    process.kill(worker, "SIGKILL");
    await ended;
    expect(end).to.include({ reason: "crashed" });
  });

  it("ends a run that ignores SIGTERM after the grace time with its whole process group", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      const child = spawn("sh", ["-c", "trap '' TERM; sleep 60"], { stdio: "ignore", env: {} });
      process.on("SIGTERM", () => {});
      require("node:fs").writeFileSync(process.env.HOME + "/child", String(child.pid));
      setInterval(() => {}, 1000);`;
    const runner = runnerOf(script);
    const run = aRun();
    await runner.start(run);
    const pids = [await pidOf(run, join("home", "child")), await pidOf(run, "worker"), await pidOf(run, "leader")];
    await runner.stop(run.name, { graceSeconds: 1 });
    await until(async () => (await Promise.all(pids.map(identityOf))).every((identity) => identity === undefined), {
      what: "all of the run's processes to be gone",
    });
  });

  it("leaves no process behind that a completed worker started, even in a session of its own", async function () {
    if (process.platform !== "linux") this.skip();
    const script = `
      const { spawn } = require("node:child_process");
      const child = spawn("sleep", ["60"], { stdio: "ignore", detached: true });
      child.unref();
      require("node:fs").writeFileSync(process.env.HOME + "/child", String(child.pid));`;
    const runner = runnerOf(script);
    const run = aRun();
    await runner.start(run);
    expect(await runner.ended(run.name, new AbortController().signal)).to.include({ reason: "completed" });
    const child = await pidOf(run, join("home", "child"));
    await until(async () => (await identityOf(child)) === undefined, { what: "the stray to be gone" });
  });

  it("does not take a process that got a dead leader's number for the run", async () => {
    const runner = runnerOf(SCRIPTS.waits);
    const run = aRun();
    await runner.start(run);
    // As after a restart of the machine: the number is another process's now, here this very test's.
    const dead = (await readFile(fileOf(run, "leader"), "utf8")).replace(/^\d+/, String(process.pid));
    process.kill(-(await pidOf(run, "leader")), "SIGKILL");
    await writeFile(fileOf(run, "leader"), dead);
    expect(await runner.ended(run.name, new AbortController().signal)).to.include({ reason: "crashed" });
  });

  it("says at once why a worker's process did not come up", async () => {
    const command = [process.execPath, "-e", SCRIPTS.succeeds] as const;
    const runner = createProcessRunner({ directory: folder.path, command, searchPath: "/nowhere", logger: silent });
    opened.push(runner);
    const failure = await runner.start(aRun()).catch((error: unknown) => error);
    expect(failure).to.include({ reason: "could-not-start" });
    expect(failure)
      .to.have.property("message")
      .that.matches(/did not come up: .*not found/);
  });

  it("refuses a name that would lead out of its folder", async () => {
    const refusal = await runnerOf(SCRIPTS.succeeds)
      .remove("../elsewhere")
      .catch((error: unknown) => error);
    expect(refusal).to.be.an("error").with.property("message", '"../elsewhere" is not the name of a run');
  });

  it("removes folders a worker has made read-only", async () => {
    const runner = runnerOf(
      "const fs = require('node:fs'); fs.mkdirSync('cache/deep', { recursive: true }); fs.chmodSync('cache', 0o500)",
    );
    const run = aRun();
    await runner.start(run);
    await runner.ended(run.name, new AbortController().signal);
    await runner.remove(run.name);
    expect(await runner.list()).to.deep.equal([]);
  });
});

describe("how a worker process ended", () => {
  const nothing = { ending: undefined, lastOutput: [], isMemoryShort: false } as const;
  for (const [what, seen, expected] of [
    ["exit 0", { ...nothing, status: 0 }, { reason: "completed", exitCode: 0 }],
    ["exit 1", { ...nothing, status: 1 }, { reason: "crashed", exitCode: 1 }],
    ["SIGSEGV", { ...nothing, status: 139 }, { reason: "crashed", signal: "SIGSEGV" }],
    ["SIGKILL while memory is short", { ...nothing, status: 137, isMemoryShort: true }, { reason: "out-of-memory" }],
    ["SIGKILL otherwise", { ...nothing, status: 137 }, { reason: "crashed", signal: "SIGKILL" }],
    [
      "the JavaScript heap being full",
      { ...nothing, status: 134, lastOutput: ["FATAL ERROR: Reached heap limit - JavaScript heap out of memory"] },
      { reason: "out-of-memory" },
    ],
    ["saving in time at the deadline", { ...nothing, status: 0, ending: "deadline" }, { reason: "deadline-exceeded" }],
    ["being killed after Stop", { ...nothing, status: 137, ending: "stopped" }, { reason: "deleted" }],
    ["no exit status at all", { ...nothing, status: undefined }, { reason: "crashed" }],
  ] as const) {
    it(`calls ${what} ${expected.reason}`, () => {
      expect(describeRunEnd(seen)).to.include(expected);
    });
  }
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { SERVICE_NAMES, type Stack, startStack } from "../stack/index.ts";
import { listenForCommands } from "../stack/listen-for-commands.ts";

describe("a stack", () => {
  let folder: TemporaryFolder;
  let stack: Stack | undefined;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await stack?.[Symbol.asyncDispose]();
    stack = undefined;
    await folder[Symbol.asyncDispose]();
  });

  it("has every service ready, restarts one, survives the death of one, and leaves nothing running", async function () {
    this.timeout(60_000);
    const running = await startStack({
      dataDir: folder.path,
      settings: { REDIS_URL: process.env.REDIS_URL },
      redisPrefix: `test-stack-${process.pid}`,
    });
    stack = running;
    const isReady = async () =>
      (await Promise.all(running.plan.services.map(({ readyUrl }) => fetch(readyUrl)))).every(({ ok }) => ok);
    expect(await isReady()).to.equal(true);
    const page = await fetch(running.plan.sandboxUrl ?? "");
    expect(page.headers.get("content-type")).to.contain("text/html");
    expect((await fetch(running.plan.bullBoard.url)).status).to.equal(401);

    const launcher = running.pidOf("launcher");
    const keyboard = new PassThrough();
    const said: string[] = [];
    using _commands = listenForCommands(keyboard, { stack: running, say: (message) => said.push(message) });
    keyboard.write("restart it\nr launcher\n");
    await until(() => said.includes("launcher is ready again."), { what: "the launcher", timeoutMs: 30_000 });
    expect(said[0]).to.contain('Type "r" and one of');
    expect(running.pidOf("launcher")).not.to.be.oneOf([launcher, undefined]);
    expect(await isReady()).to.equal(true);

    await running.kill("streamer", "SIGKILL");
    expect(running.pidOf("streamer")).to.equal(undefined);
    await running.restart("streamer");
    expect(await isReady()).to.equal(true);

    const pids = SERVICE_NAMES.map((name) => running.pidOf(name));
    await running[Symbol.asyncDispose]();
    stack = undefined;
    expect(pids.filter((pid) => pid === undefined || isAlive(pid))).to.deep.equal([]);
    expect(await readFile(join(folder.path, "logs/gateway.log"), "utf8")).to.contain("gateway-started");
  });

  it("names what is missing before it starts anything", async () => {
    const failure = await startStack({ dataDir: folder.path, settings: { GITHUB_TOKEN: "ghp_1" } }).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.contain("GITHUB_ORGANIZATION is missing");
  });

  it("says where workers can be containers when they are asked for beside services that are none", async () => {
    const failure = await startStack({ dataDir: folder.path, settings: { RUNNER: "docker" } }).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.contain("docker compose up");
  });

  it("stops what it started when a service refuses its settings", async function () {
    this.timeout(60_000);
    const settings = { REDIS_URL: process.env.REDIS_URL, RATE_LIMIT_MAX: "many" };
    const failure = await startStack({ dataDir: folder.path, settings }).catch((error: Error) => error.message);
    expect(failure).to.contain("launcher ended (exit code 78)").and.to.contain("RATE_LIMIT_MAX");
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { Redis } from "ioredis";
import { type TemporaryFolder, temporaryFolder, testRedis, until } from "../src/index.ts";
import { findRedisOnPath } from "../src/redis-server/find-redis.ts";
import { RedisUnavailableError, startRedis } from "../src/redis-server/index.ts";
import { packagesToInstall, withoutRedis } from "../src/redis-server/packages-to-install.ts";

const MODULE = JSON.stringify(join(import.meta.dirname, "../src/redis-server/index.ts"));

describe("a private Redis", () => {
  let folder: TemporaryFolder;
  before(async function () {
    // A machine whose Redis is elsewhere has no server program to start.
    if (process.env.REDIS_URL !== undefined) this.skip();
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  it("keeps its data from one start to the next, and refuses to forget when it is full", async () => {
    {
      await using server = await startRedis({ dataDir: folder.path });
      using redis = connect(server.url);
      await redis.client.set("kept", "yes");
      expect((await redis.client.config("GET", "maxmemory-policy")).flat()).to.include("noeviction");
    }
    await using server = await startRedis({ dataDir: folder.path });
    using redis = connect(server.url);
    expect(await redis.client.get("kept")).to.equal("yes");
  });

  it("is gone once disposed, without having failed", async () => {
    const server = await startRedis({ dataDir: folder.path });
    let hasFailed = false;
    server.failed.catch(() => {
      hasFailed = true;
    });
    const pid = await pidOf(folder);
    await server[Symbol.asyncDispose]();
    expect(isAlive(pid)).to.equal(false);
    expect(hasFailed).to.equal(false);
  });

  it("ends when the process that started it is killed", async () => {
    await writeFile(
      join(folder.path, "parent.ts"),
      `import { startRedis } from ${MODULE};
       await startRedis({ dataDir: ${JSON.stringify(folder.path)} });
       process.kill(process.pid, "SIGKILL");`,
    );
    await execa(process.execPath, [join(folder.path, "parent.ts")], { reject: false });
    const log = () => readFile(join(folder.path, "redis.log"), "utf8");
    await until(async () => (await log()).includes("bye bye"), { what: "the server to have stopped" });
  });

  it("takes over from a server that was left behind on its data", async () => {
    const leftover = await startRedis({ dataDir: folder.path });
    const pid = await pidOf(folder);
    await using server = await startRedis({ dataDir: folder.path });
    expect(isAlive(pid)).to.equal(false);
    expect(await pidOf(folder)).not.to.equal(pid);
    expect(server.url).not.to.equal(leftover.url);
    await leftover[Symbol.asyncDispose]();
  });

  it("tells when it ends by itself", async () => {
    const server = await startRedis({ dataDir: folder.path });
    const failure = server.failed.catch((error: Error) => error.message);
    process.kill(await pidOf(folder), "SIGKILL");
    expect(await failure).to.contain("Redis ended by itself");
    await server[Symbol.asyncDispose]();
  });
});

describe("the choice of a Redis", () => {
  it("takes the one it is told and leaves it alone", async () => {
    await using existing = await testRedis();
    await using folder = await temporaryFolder();
    const server = await startRedis({ dataDir: folder.path, url: existing.url });
    expect(server).to.include({ url: existing.url, isPrivate: false });
    await server[Symbol.asyncDispose]();
    expect(await existing.redis.ping()).to.equal("PONG");
  });

  it("lists the ways to get one when there is none", async () => {
    await using folder = await temporaryFolder();
    const noApt = { path: folder.path, unpackDir: folder.path, dataDir: folder.path };
    const failure = await startRedis(noApt).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(RedisUnavailableError);
    expect(String(failure)).to.contain("apt-get install").and.to.contain("brew").and.to.contain("REDIS_URL");
  });

  it("takes Docker when there is neither a server nor a way to unpack one", async function () {
    if ((await findRedisOnPath(process.env.PATH ?? "")) === undefined) this.skip();
    await using folder = await temporaryFolder();
    // Plays the engine: what the container would run runs here, on the published port.
    await writeProgram(
      join(folder.path, "docker"),
      `echo "$*" >> ${join(folder.path, "calls")}
       [ "$1" = run ] || exit 0
       port=$(echo "$*" | sed 's/.*127.0.0.1:\\([0-9]*\\):6379.*/\\1/')
       exec env PATH="${process.env.PATH}" redis-server --port $port --save ""`,
    );
    await writeProgram(join(folder.path, "sed"), 'exec /usr/bin/env -i PATH=/usr/bin:/bin sed "$@"');
    const dataDir = join(folder.path, "data");
    const server = await startRedis({ path: folder.path, dataDir, unpackDir: folder.path });
    using redis = connect(server.url);
    expect(await redis.client.ping()).to.equal("PONG");
    await server[Symbol.asyncDispose]();
    const calls = await readFile(join(folder.path, "calls"), "utf8");
    expect(calls).to.match(
      /^version .*\nimage inspect redis:7-alpine\nrm --force peerbot-redis-[0-9a-f]{12}\nrun --rm /,
    );
    expect(calls).to.contain(`--volume ${dataDir}:/data`).and.to.contain("--maxmemory-policy noeviction");
  });

  it("gives the server's own words when it does not start", async () => {
    await using folder = await temporaryFolder();
    const program = join(folder.path, "redis-server");
    await writeProgram(program, "echo 'bad directive' >&2; exit 1");
    const failure = await startRedis({ path: folder.path, dataDir: folder.path }).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.contain("bad directive");
  });
});

describe("what to download for a Redis", () => {
  it("is what apt-get would install", () => {
    const simulation =
      "Reading package lists...\nInst libjemalloc2 (5.3.0-1 Debian:12)\nInst redis-server (7.0)\nConf x (1)";
    expect(packagesToInstall(simulation)).to.deep.equal(["libjemalloc2", "redis-server"]);
    expect(() => packagesToInstall("0 newly installed")).to.throw("nothing");
  });

  it("does not count an installed server that is out of reach", () => {
    const status = "Package: redis-server\nStatus: ok\n\nPackage: liblzf1\nStatus: ok\n\nPackage: valkey-tools\nX: y\n";
    expect(withoutRedis(status)).to.equal("Package: liblzf1\nStatus: ok");
  });
});

async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

function connect(url: string): Disposable & { client: Redis } {
  const client = new Redis(url);
  return { client, [Symbol.dispose]: () => client.disconnect() };
}

async function pidOf({ path }: TemporaryFolder): Promise<number> {
  return Number(await readFile(join(path, "redis.pid"), "utf8"));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

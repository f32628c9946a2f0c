import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { openProcessRegister, type ProcessRegister } from "../stack/process-register.ts";
import { createServiceProcess, type ServiceProcess } from "../stack/service-process.ts";

const LISTENING = `
import { createServer } from "node:http";
createServer((request, response) => response.end("ok")).listen(process.env.PORT, "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
console.log("serving");
`;

describe("a service process", () => {
  let folder: TemporaryFolder;
  let register: ProcessRegister;
  let service: ServiceProcess | undefined;
  let reports: string[];
  let url: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    register = await openProcessRegister(folder.path);
    reports = [];
  });
  afterEach(async () => {
    await service?.stop();
    service = undefined;
    await register[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function prepare(source: string, { restartsCrashed = false } = {}): Promise<ServiceProcess> {
    await mkdir(join(folder.path, "services/gateway/src"), { recursive: true });
    await writeFile(join(folder.path, "services/gateway/src/main.ts"), source);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    service = createServiceProcess({
      plan: { name: "gateway", environment: { PORT: String(port) }, readyUrl: url, metricsUrl: url },
      root: folder.path,
      logFile: join(folder.path, "gateway.log"),
      register,
      restartsCrashed,
      onCrash: (message) => reports.push(message),
    });
    return service;
  }

  const isUp = async () => (await fetch(url)).ok;

  it("is ready once started, keeps what it prints, and is gone once stopped", async () => {
    const running = await prepare(LISTENING);
    await running.start();
    expect(await isUp()).to.equal(true);
    await running.stop();
    expect(running.pid).to.equal(undefined);
    expect(await readFile(join(folder.path, "gateway.log"), "utf8")).to.contain("serving");
    expect(reports).to.deep.equal([]);
  });

  it("fails to start with the last words of one that ends", async () => {
    const running = await prepare(`console.error("no such bucket"); process.exit(78);`);
    const failure = await running.start().catch((error: Error) => error.message);
    expect(failure).to.contain("exit code 78").and.to.contain("no such bucket");
  });

  it("comes back by itself after a crash", async () => {
    const running = await prepare(LISTENING, { restartsCrashed: true });
    await running.start();
    const before = running.pid;
    await running.kill("SIGKILL");
    await until(isUp, { what: "the service to be back" });
    expect(running.pid).not.to.equal(before);
    expect(reports.join()).to.contain("SIGKILL").and.to.contain("starting it again");
  });

  it("stays down after a crash when told so, and starts again on request", async () => {
    const running = await prepare(LISTENING);
    await running.start();
    await running.kill("SIGKILL");
    expect(running.pid).to.equal(undefined);
    await running.start();
    expect(await isUp()).to.equal(true);
  });

  it("ends with all it started when it ignores the request to stop", async () => {
    const running = await prepare(`
      import { spawn } from "node:child_process";
      ${LISTENING.replace("process.exit(0)", "{}")}
      const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
      console.log("child " + child.pid);
    `);
    await running.start();
    const log = () => readFile(join(folder.path, "gateway.log"), "utf8");
    const [, child] = await until(async () => /child (\d+)/.exec(await log()), { what: "the child to be started" });
    await running.stop(100);
    await until(() => !isAlive(Number(child)), { what: "the child to be gone" });
  });
});

describe("the process register", () => {
  it("ends what is registered when the registering process is killed", async () => {
    await using folder = await temporaryFolder();
    const register = JSON.stringify(join(import.meta.dirname, "../stack/process-register.ts"));
    const script = `
      import { spawn } from "node:child_process";
      import { openProcessRegister } from ${register};
      const register = await openProcessRegister(${JSON.stringify(folder.path)});
      const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
      register.add(child.pid);
      process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
    `;
    await writeFile(join(folder.path, "parent.ts"), script);
    const { execa } = await import("execa");
    const { stdout } = await execa(process.execPath, [join(folder.path, "parent.ts")], { reject: false });
    expect(stdout).to.match(/^\d+$/);
    await until(() => !isAlive(Number(stdout)), { what: "the registered process to be gone" });
    // The reaper removes its file last; the folder must not go before.
    await until(
      () =>
        readFile(join(folder.path, "process-groups")).then(
          () => false,
          () => true,
        ),
      {
        what: "the reaper to be done",
        timeoutMs: 10_000,
      },
    );
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

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNameOf } from "@peerbot/contracts";
import { FAULT_HITS_FILE, type FaultPoint } from "@peerbot/runtime";
import { temporaryFolder, until } from "@peerbot/testing";
import { isWarmName, warmPoolKeys } from "@peerbot/warm-pool";
import { expect } from "chai";
import { identityOf } from "../src/runner/process/process-identity.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

const LAUNCH = fileURLToPath(new URL("./programs/launch.ts", import.meta.url));
const OFTEN = { keepPoolEveryMs: 100 };

describe("workers that are started ahead", function () {
  this.timeout(60_000);
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const launcher = (size: number, changes: Record<string, string> = {}, overrides = {}) =>
    scene.startLauncher({ WARM_WORKERS: String(size), ...changes }, { ...OFTEN, ...overrides });
  const namesIn = async (state: string) =>
    (await scene.pool.members()).filter((member) => member.state === state).map(({ name }) => name);
  const untilReady = (count: number) =>
    until(async () => (await namesIn("ready")).length === count && namesIn("ready"), {
      what: `${count} workers to wait`,
      timeoutMs: 20_000,
    });
  const isAlive = async (pid: number) => (await identityOf(pid)) !== undefined;

  async function endWell(count = 1) {
    const worker = await scene.gateway.arrival(count);
    await worker.finish("completed");
    worker.leave();
    return worker;
  }

  it("serve one run each, and others take their places", async () => {
    await launcher(1);
    const [first] = await untilReady(1);
    const threads = [aThread(), aThread()];
    for (const [index, thread] of threads.entries()) {
      const [name = ""] = await untilReady(1);
      await scene.write(thread);
      const { pid } = await scene.gateway.arrival(index + 1);
      expect(pid).to.equal(scene.gateway.waiting.get(name));
      expect(await scene.runner.list()).to.include(name);
      await endWell(index + 1);
      await scene.untilQuiet(thread);
      expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
      expect(await isAlive(pid)).to.equal(false);
    }
    const [third] = await untilReady(1);
    expect(third).to.not.equal(first);
    expect(await scene.runner.list()).to.deep.equal([third]);
    expect(await scene.pool.decisions()).to.deep.equal([]);
  });

  it("hold nothing of a session, nor what lets them into one", async () => {
    await launcher(1);
    const [name = ""] = await untilReady(1);
    const pid = scene.gateway.waiting.get(name);
    const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
    const variables = environment.map((entry) => entry.split("=")[0]).filter((variable) => variable !== "");
    expect(variables.toSorted()).to.deep.equal(
      [
        ...["GATEWAY_URL", "STANDBY_TOKEN"],
        ...["PATH", "HOME", "TMPDIR", "WORKSPACE_DIR", "LANG", "LOG_LEVEL"],
        ...["STOP_GRACE_SECONDS", "DOCKER_START_SECONDS"],
      ].toSorted(),
    );
    const token = environment.find((entry) => entry.startsWith("STANDBY_TOKEN="))?.split(".")[1] ?? "";
    const claims = JSON.parse(Buffer.from(token, "base64url").toString());
    expect(Object.keys(claims).toSorted()).to.deep.equal(["exp", "iss", "kind", "member"]);
  });

  it("are as many as were asked for, also with two launchers", async () => {
    await Promise.all([launcher(2), launcher(2)]);
    await untilReady(2);
    await new Promise((resolve) => setTimeout(resolve, 600)); // time for a third one, if there was one
    expect(await scene.runner.list()).to.have.length(2);
  });

  it("are started for a run alone while none waits", async () => {
    await launcher(1);
    const [name] = await untilReady(1);
    const threads = [aThread(), aThread()];
    for (const thread of threads) await scene.write(thread);
    const workers = [await scene.gateway.arrival(1), await scene.gateway.arrival(2)];
    const names = await scene.runner.list();
    const cold = workers.map(({ sessionKey, epoch }) => runNameOf(sessionKey, epoch));
    expect(names).to.include(name);
    expect(names.filter((each) => cold.includes(each))).to.have.length(1);
    for (const worker of workers) {
      await worker.finish("completed");
      worker.leave();
    }
    for (const thread of threads) await scene.untilQuiet(thread);
  });

  it("are replaced when they die while they wait", async () => {
    await launcher(1);
    const [name = ""] = await untilReady(1);
    process.kill(scene.gateway.waiting.get(name) ?? 0, "SIGKILL");
    await until(async () => !(await scene.pool.members()).some((member) => member.name === name), {
      what: "it to be forgotten",
    });
    expect(await untilReady(1)).to.not.deep.equal([name]);
    expect(await scene.runner.list()).to.not.include(name);
  });

  it("cost a run no try when one dies as it is given the run", async () => {
    await launcher(1);
    const [name = ""] = await untilReady(1);
    scene.gateway.areTakesHeld = true;
    const thread = aThread();
    await scene.write(thread);
    await until(async () => (await namesIn("offered")).length === 1, { what: "the run to be offered" });
    process.kill(scene.gateway.waiting.get(name) ?? 0, "SIGKILL");
    await endWell();
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    await until(async () => !(await scene.runner.list()).includes(name), { what: "the dead one to be removed" });
  });

  it("lose the run to a worker of its own when one does not take it in time", async () => {
    await launcher(1);
    const [name = ""] = await untilReady(1);
    scene.gateway.areTakesHeld = true;
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    expect(worker.pid).to.not.equal(scene.gateway.waiting.get(name));
    scene.gateway.areTakesHeld = false;
    await until(async () => !(await scene.runner.list()).includes(name), { what: "the other to be removed" });
    await endWell();
    await scene.untilQuiet(thread);
    expect(scene.gateway.arrivals).to.have.length(1);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
  });

  it("are tried once more like others when they are killed in their run", async () => {
    await launcher(1);
    await untilReady(1);
    const thread = aThread();
    await scene.write(thread);
    process.kill((await scene.gateway.arrival(1)).pid, "SIGKILL");
    await endWell(2);
    await scene.untilQuiet(thread);
    expect(await scene.event(thread, "run-ended")).to.include({ reason: "crashed", isRetrying: true });
  });

  it("end at their run's deadline", async () => {
    await launcher(1, { SESSION_TIMEOUT_SECONDS: "1" });
    await untilReady(1);
    const thread = aThread();
    await scene.write(thread);
    await scene.gateway.arrival(1);
    expect(await scene.event(thread, "run-ended")).to.include({ reason: "deadline-exceeded" });
  });

  it("are stopped with their run", async () => {
    await launcher(1, { STOP_GRACE_SECONDS: "1" });
    await untilReady(1);
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await scene.write(thread, "stop", { receivedAt: Date.now() - 60_000, isEnqueued: false });
    await until(async () => !(await isAlive(worker.pid)), { what: "it to be ended" });
    await scene.untilQuiet(thread);
    expect((await scene.typesOf(thread)).at(-1)).to.equal("run-ended");
  });

  it("are replaced by those of a newer version, and those at work are left alone", async () => {
    const first = await launcher(2);
    await untilReady(2);
    const thread = aThread();
    await scene.write(thread);
    const busy = await scene.gateway.arrival(1);
    const before = await untilReady(2);
    await launcher(2, { LOG_LEVEL: "warn" });
    await until(
      async () => {
        const ready = await namesIn("ready");
        return ready.length === 2 && ready.every((name) => !before.includes(name));
      },
      { what: "all to be replaced", timeoutMs: 20_000 },
    );
    await new Promise((resolve) => setTimeout(resolve, 500)); // the older launcher is still there and fills nothing
    expect(await scene.pool.members()).to.have.length(3);
    expect(await isAlive(busy.pid)).to.equal(true);
    await first[Symbol.asyncDispose]();
    await endWell();
    await scene.untilQuiet(thread);
  });

  it("are ended when none is wanted any more", async () => {
    const first = await launcher(2);
    await untilReady(2);
    await first[Symbol.asyncDispose]();
    expect(await scene.runner.list()).to.have.length(2);
    await launcher(0);
    await until(async () => (await scene.runner.list()).length === 0, { what: "all to be ended" });
    expect(await scene.pool.members()).to.deep.equal([]);
  });

  it("are ended and replaced when Redis has forgotten them, and those it forgot in a run are not run by two", async () => {
    await launcher(2);
    const before = await untilReady(2);
    await scene.redis.del(Object.values(warmPoolKeys(scene.prefix)));
    await until(async () => (await scene.runner.list()).every((name) => !before.includes(name)), {
      what: "the forgotten ones to be ended",
      timeoutMs: 20_000,
    });
    await untilReady(2);
    for (const name of before) expect(await isAlive(scene.gateway.waiting.get(name) ?? 0)).to.equal(false);
  });

  it("are not started over and over while they cannot be started", async () => {
    await using broken = await temporaryFolder();
    const program = join(broken.path, "worker.mjs");
    await writeFile(program, "process.exit(1);");
    await launcher(1, { WORKER_MAIN: program }, { keepPoolEveryMs: 20 });
    const seen = new Set<string>();
    const gaps: number[] = [];
    let goneAt: number | undefined;
    await until(
      async () => {
        const names = await scene.runner.list();
        const isNew = names.some((name) => !seen.has(name));
        for (const name of names) seen.add(name);
        if (isNew && goneAt !== undefined) gaps.push(Date.now() - goneAt);
        goneAt = names.length > 0 || seen.size === 0 ? undefined : (goneAt ?? Date.now());
        return seen.size === 3;
      },
      { what: "three of them", timeoutMs: 50_000 },
    );
    expect(gaps[0]).to.be.above(900);
    expect(gaps[1]).to.be.above(1_900);
  });

  describe("when a launcher dies", () => {
    /** A launcher of its own that dies at a point, once it gets there. */
    async function dyingAt(point: FaultPoint) {
      const faults = join(scene.folder, "faults");
      await mkdir(faults, { recursive: true });
      await writeFile(join(faults, point), "kill");
      const env = scene.environment({ WARM_WORKERS: "1", FAULT_POINTS_DIR: faults });
      const child = spawn(process.execPath, [LAUNCH], { env, stdio: "ignore" });
      return { env, hits: join(faults, FAULT_HITS_FILE), exit: once(child, "exit") };
    }
    /** The next one: of the same version, as a replica is. */
    async function nextLauncher(env: Record<string, string | undefined>) {
      const child = spawn(process.execPath, [LAUNCH], { env, stdio: "ignore" });
      return {
        [Symbol.asyncDispose]: async () => {
          const exit = once(child, "exit");
          child.kill("SIGTERM");
          await exit;
        },
      };
    }

    for (const point of ["launcher.after-reserve", "launcher.after-warm-start"] as const) {
      it(`at ${point}, another one fills the pool`, async () => {
        const dying = await dyingAt(point);
        await dying.exit;
        await using _next = await nextLauncher(dying.env);
        const reserved = await namesIn("starting");
        if (point === "launcher.after-reserve") {
          // Nobody knows that it was not started; that shows after some minutes.
          expect(reserved).to.have.length(1);
          const { members } = warmPoolKeys(scene.prefix);
          const late = { generation: "x", state: "starting", at: Date.now() - 3_600_000 };
          await scene.redis.hset(members, reserved[0] ?? "", JSON.stringify(late));
        }
        await untilReady(1);
        expect(await scene.runner.list()).to.have.length(1);
      });
    }

    for (const { point, name } of [
      { point: "launcher.after-decide", name: "its run goes on with the worker it was given" },
      { point: "launcher.after-runner-start", name: "its run goes on with the worker that took it" },
      { point: "launcher.before-release", name: "the worker of the run that is over is forgotten" },
    ] as const) {
      it(`at ${point}, ${name}`, async () => {
        const dying = await dyingAt(point);
        const [worker = ""] = await untilReady(1);
        const thread = aThread();
        await scene.write(thread);
        if (point === "launcher.before-release") await endWell();
        await dying.exit;
        await using _next = await nextLauncher(dying.env);
        const arrival = await scene.gateway.arrival(1);
        expect(arrival.pid).to.equal(scene.gateway.waiting.get(worker));
        if (point !== "launcher.before-release") await endWell();
        await scene.untilQuiet(thread);
        expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
        expect(scene.gateway.arrivals).to.have.length(1);
        await until(async () => !(await scene.runner.list()).includes(worker), { what: "its worker to be removed" });
        expect((await untilReady(1)).every(isWarmName)).to.equal(true);
      });
    }

    it("at launcher.after-withdraw, its run gets one worker of its own", async () => {
      const dying = await dyingAt("launcher.after-withdraw");
      const [given = ""] = await untilReady(1);
      scene.gateway.areTakesHeld = true;
      const thread = aThread();
      await scene.write(thread);
      await dying.exit;
      scene.gateway.areTakesHeld = false;
      await using _next = await nextLauncher(dying.env);
      const arrival = await scene.gateway.arrival(1);
      expect(arrival.pid).to.not.equal(scene.gateway.waiting.get(given));
      await endWell();
      await scene.untilQuiet(thread);
      expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
      expect(scene.gateway.arrivals).to.have.length(1);
      await until(async () => !(await scene.runner.list()).includes(given), { what: "the other to be removed" });
    });
  });
});

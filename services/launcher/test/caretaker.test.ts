import { createLogger, loadConfig, type RunningService } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { composeCaretaker } from "../src/compose-caretaker.ts";
import { LauncherConfig } from "../src/index.ts";
import { identityOf } from "../src/runner/process/process-identity.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

const logger = createLogger({ service: "caretaker", level: "fatal" });

describe("the caretaker of workers", () => {
  let scene: Scene;
  const startCaretaker = (changes: Record<string, string> = {}): Promise<RunningService> =>
    composeCaretaker(loadConfig(LauncherConfig, scene.environment(changes)), logger);
  const aWorker = async (path = "") => {
    const launcher = await scene.startLauncher(path === "" ? {} : { GATEWAY_URL: `${scene.gateway.url}${path}` });
    await scene.write(aThread());
    return { launcher, worker: await scene.gateway.arrival(1) };
  };

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("leaves workers alone while a launcher is at work", async () => {
    const caretaker = await startCaretaker();
    const { worker } = await aWorker();
    await caretaker[Symbol.asyncDispose]();
    expect(await identityOf(worker.pid)).not.to.equal(undefined);
    expect(await scene.runner.list()).to.have.length(1);
  });

  it("ends and forgets the workers that launchers left, when it is stopped after them", async () => {
    const caretaker = await startCaretaker();
    const { launcher, worker } = await aWorker();
    await launcher[Symbol.asyncDispose]();
    expect(await identityOf(worker.pid)).not.to.equal(undefined);
    await caretaker[Symbol.asyncDispose]();
    await until(async () => (await identityOf(worker.pid)) === undefined, { what: "the worker to be gone" });
    expect(await scene.runner.list()).to.deep.equal([]);
  });

  it("waits no longer than the grace time for a worker that will not go", async () => {
    const caretaker = await startCaretaker();
    const { launcher } = await aWorker("/stubborn");
    await launcher[Symbol.asyncDispose]();
    await caretaker[Symbol.asyncDispose]();
    expect(await scene.runner.list()).to.deep.equal([]);
  });
});

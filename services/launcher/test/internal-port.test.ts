import { ConfigError, loadConfig } from "@peerbot/runtime";
import { expect } from "chai";
import { LauncherConfig } from "../src/index.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

describe("the launcher's internal port", () => {
  let scene: Scene;
  let url: string;
  beforeEach(async () => {
    scene = await openScene();
    const launcher = await scene.startLauncher();
    url = `http://127.0.0.1:${launcher.internalPort}`;
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const get = async (path: string, credentials?: string) => {
    const authorization = credentials === undefined ? undefined : `Basic ${btoa(credentials)}`;
    const answer = await fetch(url + path, {
      headers: { connection: "close", ...(authorization && { authorization }) },
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it("asks for a password before it shows the queues", async () => {
    for (const path of ["/queues", "/queues/", "/queues/api/queues", "/queues/static/favicon.ico"]) {
      expect(await get(path), path).to.include({ status: 401 });
      expect((await get(path, "admin:wrong")).status, path).to.equal(401);
      expect((await get(path, "somebody:open sesame")).status, path).to.equal(401);
    }
    expect((await get("/queues")).headers.get("www-authenticate")).to.include("Basic");
  });

  it("shows both queues to whoever knows the password", async () => {
    expect((await get("/queues", "admin:open sesame")).text).to.include("<html");
    const { queues } = JSON.parse((await get("/queues/api/queues", "admin:open sesame")).text);
    expect(queues.map(({ name }: { name: string }) => name)).to.deep.equal(["sessions", "notices"]);
  });

  it("is healthy and ready without a password", async () => {
    expect((await get("/health")).status).to.equal(200);
    expect((await get("/ready")).status).to.equal(200);
  });

  it("is not ready while nothing can be done at the git host", async () => {
    scene.gitHost.checkReady = async () => {
      throw new Error("GitHub does not accept the token");
    };
    expect(await get("/ready")).to.deep.include({ status: 503 });
  });

  it("counts queues, runs, outcomes and waits", async () => {
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    const during = (await get("/metrics")).text;
    expect(during).to.match(/peerbot_queue_depth\{queue="sessions",state="active",service="launcher"\} 1/);
    expect(during).to.match(/peerbot_queue_depth\{queue="notices",state="waiting",service="launcher"\} 0/);
    expect(during).to.match(/peerbot_active_runs\{service="launcher"\} 1/);
    expect(during).to.match(/peerbot_run_start_seconds_count\{service="launcher"\} 1/);
    expect(during).to.match(/peerbot_limit_waits_total\{service="launcher"\} 0/);
    await worker.finish("completed");
    worker.leave();
    await scene.untilQuiet(thread);
    const after = (await get("/metrics")).text;
    expect(after).to.match(/peerbot_sessions_total\{outcome="completed",service="launcher"\} 1/);
    expect(after).to.match(/peerbot_run_seconds_count\{service="launcher",outcome="completed"\} 1/);
    expect(after).to.match(/peerbot_active_runs\{service="launcher"\} 0/);
  });
});

describe("the launcher's settings", () => {
  it("name all mistakes at once and never a value", () => {
    const environment = {
      RUNNER: "lambda",
      TOKEN_SECRET: "short",
      BULL_BOARD_PASSWORD: "1234567",
      RATE_LIMIT_MAX: "many",
    };
    let problem: unknown;
    try {
      loadConfig(LauncherConfig, environment);
    } catch (error) {
      problem = error;
    }
    expect(problem).to.be.instanceOf(ConfigError);
    expect((problem as ConfigError).problems.toSorted()).to.deep.equal([
      "BULL_BOARD_PASSWORD: must have at least 8 characters",
      "GITHUB_ORGANIZATION: is missing",
      "GITHUB_TOKEN: is missing",
      "RATE_LIMIT_MAX: must be a whole number from 1 to 10000",
      'RUNNER: must be "process", "docker" or "kubernetes"',
      "SLACK_BOT_TOKEN: is missing",
      "TOKEN_SECRET: must have at least 32 characters",
    ]);
  });
});

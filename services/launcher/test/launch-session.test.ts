import { type RunRecord, sessionKeyOf } from "@peerbot/contracts";
import { GitHostError } from "@peerbot/git-host";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { repositoryOf } from "./doubles.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

describe("launching a session", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("starts one worker for what was said and leaves nothing behind when it has finished", async () => {
    await scene.startLauncher();
    const thread = aThread();
    const messageId = await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    const run = (await scene.runs.current(worker.sessionKey)) as RunRecord;
    expect(run).to.deep.include({ epoch: worker.epoch, attempt: 1, repository: repositoryOf({ id: "U1ADA" }) });
    expect(await scene.event(thread, "run-started")).to.deep.include({ messageIds: [messageId], attempt: 1 });
    await worker.finish("completed");
    worker.leave();
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    expect(await scene.runner.list()).to.deep.equal([]);
    expect(await scene.runs.live()).to.deep.equal([]);
    expect(await scene.inbox.pending(worker.sessionKey)).to.deep.equal([]);
    expect(scene.gateway.arrivals).to.have.length(1);
  });

  it("leaves a reply to the run that is live", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await scene.write(thread);
    const entries = await scene.runs.readInbox(worker.sessionKey, worker.epoch, "0-0");
    expect(entries).to.have.length(2);
    await worker.finish("completed", { through: entries === "fenced" ? "" : (entries.at(-1)?.inboxId ?? "") });
    worker.leave();
    await scene.untilQuiet(thread);
    expect(scene.gateway.arrivals).to.have.length(1);
  });

  it("starts the next run for a message that comes as the run ends", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const first = await scene.gateway.arrival(1);
    const [settled] = await scene.inbox.pending(first.sessionKey);
    const late = await scene.write(thread, "said", { user: "U2BOB", isEnqueued: false });
    await first.finish("completed", { through: settled?.inboxId ?? "" });
    first.leave();
    const second = await scene.gateway.arrival(2);
    expect(second.epoch).to.be.greaterThan(first.epoch);
    const run = (await scene.runs.current(second.sessionKey)) as RunRecord;
    // Bob speaks now, but the session stays where Ada began it.
    expect(run).to.deep.include({ inboxAfter: settled?.inboxId, repository: repositoryOf({ id: "U1ADA" }) });
    expect(run.person.id).to.equal("U2BOB");
    expect(await scene.event(thread, "run-started", 2)).to.deep.include({ messageIds: [late] });
    await second.finish("no-changes");
    second.leave();
    await scene.untilQuiet(thread);
  });

  it("begins a retry where the failed run began", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const first = await scene.gateway.arrival(1);
    await first.finish("failed");
    first.leave();
    await scene.untilQuiet(thread);
    await scene.write(thread, "retry");
    const second = await scene.gateway.arrival(2);
    expect(await scene.runs.current(second.sessionKey)).to.include({ inboxAfter: "0-0" });
    await second.finish("completed");
    second.leave();
    await scene.untilQuiet(thread);
  });

  it("tries once more when a worker is killed from outside, then tells", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    process.kill((await scene.gateway.arrival(1)).pid, "SIGKILL");
    const second = await scene.gateway.arrival(2);
    expect(await scene.event(thread, "run-ended")).to.include({ reason: "crashed", isRetrying: true });
    expect(await scene.event(thread, "run-started", 2)).to.include({ attempt: 2 });
    process.kill(second.pid, "SIGKILL");
    const told = await scene.event(thread, "run-ended", 2);
    expect(told).to.include({ reason: "crashed", isRetrying: false });
    expect(told.failure).to.include({ code: "worker-crashed" }).and.have.property("hint");
    await scene.untilQuiet(thread);
    expect(scene.gateway.arrivals).to.have.length(2);
    expect(await scene.inbox.pending(second.sessionKey)).to.deep.equal([]);
  });

  it("does not try again what told its outcome, however badly it left", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await worker.finish("failed");
    worker.leave(1);
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
    expect(scene.gateway.arrivals).to.have.length(1);
  });

  it("tells when a worker left without a word", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    (await scene.gateway.arrival(1)).leave(0);
    const told = await scene.event(thread, "run-ended");
    expect(told).to.include({ reason: "completed", isRetrying: false });
    expect(told.failure).to.include({ code: "worker-said-nothing" });
    await scene.untilQuiet(thread);
  });

  it("ends a run at its deadline and says so", async () => {
    await scene.startLauncher({ SESSION_TIMEOUT_SECONDS: "1" });
    const thread = aThread();
    await scene.write(thread);
    const told = await scene.event(thread, "run-ended");
    expect(told).to.include({ reason: "deadline-exceeded", isRetrying: false });
    expect(told.failure).to.include({ code: "worker-deadline" });
    await scene.untilQuiet(thread);
  });

  it("ends a worker that goes on after Stop, and does not try that again", async () => {
    await scene.startLauncher({ GATEWAY_URL: `${scene.gateway.url}/stubborn` });
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    await scene.write(thread, "stop", { receivedAt: Date.now() - 60_000 });
    const told = await scene.event(thread, "run-ended");
    expect(told).to.include({ reason: "deleted", isRetrying: false });
    expect(told.failure).to.include({ code: "stopped-unsaved" });
    await scene.untilQuiet(thread);
    expect(scene.gateway.arrivals).to.have.length(1);
    expect(await scene.inbox.pending(worker.sessionKey)).to.deep.equal([]);
  });

  it("tells at once when there can be no repository, with what to do", async () => {
    scene.gitHost.failures.push(new GitHostError("GitHub does not accept the token.", { code: "github-unauthorized" }));
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    expect(await scene.event(thread, "run-ended")).to.deep.equal({
      type: "run-ended",
      reason: "could-not-start",
      isRetrying: false,
      failure: {
        code: "github-unauthorized",
        message: "GitHub does not accept the token.",
        hint: "Whoever runs Peerbot must put a valid token into GITHUB_TOKEN.",
      },
    });
    await scene.untilQuiet(thread);
    expect(await scene.inbox.pending(sessionKeyOf(thread))).to.deep.equal([]);
    expect(scene.gateway.arrivals).to.have.length(0);
  });

  it("asks a git host that is away again, and tells the thread once", async () => {
    const away = () => new GitHostError("GitHub does not answer.", { code: "github-unavailable" });
    scene.gitHost.failures.push(away(), away());
    await scene.startLauncher({}, { repositoryPausesMs: [10, 10, 10] });
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    expect((await scene.typesOf(thread)).filter((type) => type === "notice")).to.have.length(1);
    await worker.finish("no-changes");
    worker.leave();
    await scene.untilQuiet(thread);
  });

  it("gives up a git host that stays away", async () => {
    const away = () => new GitHostError("GitHub does not answer.", { code: "github-unavailable" });
    scene.gitHost.failures.push(away(), away(), away());
    await scene.startLauncher({}, { repositoryPausesMs: [10, 10] });
    const thread = aThread();
    await scene.write(thread);
    expect((await scene.event(thread, "run-ended")).failure).to.include({ code: "github-unavailable" });
    await scene.untilQuiet(thread);
  });

  it("tries once more when it was not the git host that failed, such as a Redis that was slow for a moment", async () => {
    scene.gitHost.failures.push(new Error("Command timed out"));
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread);
    const worker = await scene.gateway.arrival(1);
    expect(await scene.event(thread, "run-ended")).to.include({ reason: "could-not-start", isRetrying: true });
    await worker.finish("no-changes");
    worker.leave();
    await scene.untilQuiet(thread);
  });

  it("lets Stop end the waiting for a git host", async () => {
    scene.gitHost.failures.push(new GitHostError("GitHub does not answer.", { code: "github-unavailable" }));
    await scene.startLauncher({}, { repositoryPausesMs: [60_000] });
    const thread = aThread();
    await scene.write(thread);
    await scene.event(thread, "notice");
    await scene.write(thread, "stop");
    expect(await scene.event(thread, "finished")).to.include({ outcome: "stopped" });
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.not.include("run-ended");
    expect(scene.gateway.arrivals).to.have.length(0);
  });

  it("asks the git host once for a person's many runs, and again after a failed one", async () => {
    await scene.startLauncher();
    const thread = aThread();
    for (const [index, outcome] of (["completed", "failed", "completed"] as const).entries()) {
      await scene.write(thread);
      const worker = await scene.gateway.arrival(index + 1);
      await worker.finish(outcome);
      worker.leave();
      await scene.untilQuiet(thread);
    }
    expect(scene.gitHost.asked).to.deep.equal(["U1ADA", "U1ADA"]);
  });

  it("settles a Stop that met nothing to stop without a word", async () => {
    await scene.startLauncher();
    const thread = aThread();
    await scene.write(thread, "stop");
    await until(async () => (await scene.inbox.pending(sessionKeyOf(thread))).length === 0, {
      what: "it to be settled",
    });
    await scene.untilQuiet(thread);
    expect(await scene.typesOf(thread)).to.deep.equal(["accepted"]);
  });
});

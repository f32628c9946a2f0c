import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Secret } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import type { Conversation } from "../../services/worker/src/agent/agent.ts";
import type { ClaudeSettings } from "../../services/worker/src/agent/claude-options.ts";
import { startClaude } from "../../services/worker/src/agent/claude-process.ts";
import { findClaudeBinary } from "../../services/worker/src/agent/find-claude-binary.ts";
import { loadClaudeSdk } from "../../services/worker/src/agent/waiting-claude.ts";
import { type PreparedWorker, prepareWorker } from "../../services/worker/src/prepare-worker.ts";
import { type Bench, setUpBench } from "./worker-bench.ts";

const BRIEFING = "You are on the branch claude/session-C1-1-aaaaaa of acme/app.";
const GUIDANCE = "# The repository's CLAUDE.md\n\nBe terse.";

describe("an agent that is started before its turn", function () {
  this.timeout(60_000);
  let bench: Bench;
  let worker: PreparedWorker;
  let conversation: Conversation;

  beforeEach(async () => {
    bench = await setUpBench({ files: { "README.md": "# App\n" } });
    bench.gateway.beginRun();
    conversation = { memory: { sessionId: crypto.randomUUID(), transcript: {} }, briefing: BRIEFING, model: undefined };
  });
  afterEach(async () => {
    await worker[Symbol.asyncDispose]();
    expect(await processesOf(worker)).to.deep.equal([]);
    await bench[Symbol.asyncDispose]();
  });

  async function prepare({ isAhead }: { isAhead: boolean }): Promise<void> {
    worker = await prepareWorker(
      {
        WORKSPACE_DIR: join(bench.folder, "worker"),
        GATEWAY_URL: bench.gateway.url,
        PATH: process.env.PATH ?? "",
        CLAUDE_CODE_PATH: undefined,
        DOCKER_HOST: undefined,
        MAX_TURNS: undefined,
        MAX_BUDGET_USD: undefined,
      },
      { isAhead },
    );
    await worker.ready;
    worker.door.open(new Secret(bench.gateway.run.modelToken));
  }

  async function turn(prompt: string) {
    const { agent } = worker;
    const { done } = agent.startTurn({ ...conversation, prompt, guidance: GUIDANCE, onEvent: () => {} });
    const result = await done;
    expect(result).to.deep.include({ status: "completed" });
    return result;
  }

  const requests = () => bench.gateway.modelBodies.map((body) => JSON.parse(body));
  const count = (value: unknown, text: string) =>
    JSON.stringify(value).split(JSON.stringify(text).slice(1, -1)).length - 1;

  for (const { name, isAhead, isOpened } of [
    { name: "before there was a session", isAhead: true, isOpened: true },
    { name: "while the repository came", isAhead: false, isOpened: true },
    { name: "not before its turn", isAhead: false, isOpened: false },
  ]) {
    it(`is told the briefing and the repository's guidance once, started ${name}, and when it goes on`, async () => {
      await prepare({ isAhead });
      if (isOpened) worker.agent.open(conversation);
      await turn("hello");
      const first = requests();
      expect(count(first[0].system, BRIEFING)).to.equal(1);
      expect(count(first[0].messages, GUIDANCE)).to.equal(1);
      // The briefing says that commits and pull requests are made for it; Claude Code would say how to make them.
      for (const misleading of ["gitStatus", "`gh` CLI"]) expect(count(first[0], misleading)).to.equal(0);

      if (isOpened) worker.agent.open(conversation);
      await turn("what did I ask before?");
      const next = requests()[first.length];
      expect(count(next.system, BRIEFING)).to.equal(1);
      expect(count(next.messages, GUIDANCE)).to.equal(1);
      expect(count(next.messages, "hello")).to.be.above(0);
    });
  }

  it("leaves an old conversation to a process of its own", async () => {
    await prepare({ isAhead: false });
    await turn("hello");
    await worker[Symbol.asyncDispose]();

    await prepare({ isAhead: true });
    worker.agent.open(conversation);
    expect((await turn("what did I ask before?")).answer).to.contain("1. hello");
  });

  it("is not started any more once the worker is done with it", async () => {
    await prepare({ isAhead: false });
    await worker[Symbol.asyncDispose]();
    worker.agent.open(conversation);
    await worker.agent.prepare({ isAhead: true });
    const { done } = worker.agent.startTurn({
      ...conversation,
      prompt: "hello",
      guidance: undefined,
      onEvent: () => {},
    });
    expect(await done).to.deep.include({ status: "failed" });
    expect(await processesOf(worker)).to.deep.equal([]);
  });

  it("is not started late either, once its old conversation is written to the disk", async () => {
    await prepare({ isAhead: false });
    await turn("hello");
    await worker[Symbol.asyncDispose]();

    const { folders } = worker;
    const settings: ClaudeSettings = {
      binary: findClaudeBinary(),
      baseUrl: bench.gateway.url,
      apiKey: new Secret("none"),
      workspace: folders.repository,
      home: folders.agentHome,
      path: process.env.PATH ?? "",
      dockerHost: undefined,
      isRoot: process.getuid?.() === 0,
      maxTurns: undefined,
      maxBudgetUsd: undefined,
    };
    const { end } = await startClaude(await loadClaudeSdk(), settings, conversation);
    await end();
    await pause(1_500); // far longer than the writing takes
    expect(await processesOf(worker)).to.deep.equal([]);
  });

  it("is replaced when it died in waiting, before or after it was given its conversation", async () => {
    await prepare({ isAhead: true });
    await killAll(worker);
    worker.agent.open(conversation);
    await until(async () => (await processesOf(worker)).length > 0, { what: "another one to be started" });
    await killAll(worker);

    await turn("hello");
  });
});

/** Everything that has the agent's home for its own. */
async function processesOf({ folders }: PreparedWorker): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.split("\0").includes(`HOME=${folders.agentHome}`) ? [pid] : [];
    }),
  );
  return found.flat();
}

async function killAll(worker: PreparedWorker): Promise<void> {
  const pids = await processesOf(worker);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  // Reaped: whoever started it has been told by then. Its environment is gone a little earlier.
  await until(() => !pids.some((pid) => existsSync(`/proc/${pid}`)), { what: "the agent to be gone", everyMs: 5 });
}

import { once } from "node:events";
import { createServer } from "node:http";
import { sessionKeyOf } from "@peerbot/contracts";
import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import type { RunSpec, SessionRunner, StandbySpec } from "../src/runner/session-runner.ts";

/** Where one test's runs live. */
export interface RunnerUnderTest extends AsyncDisposable {
  /** By what address workers reach this machine. */
  readonly host: string;
  /** Where workers find a port of this machine, if that takes more than its address. */
  urlOf?(port: number): Promise<string>;
  /**
   * A runner whose workers are JavaScript programs; several of them see the same runs, like replicas. `settings` are
   * the launcher's variables about how workers work.
   */
  createRunner(script: string, settings?: Record<string, string>): SessionRunner;
}

const REPORT_READY = "fetch(process.env.GATEWAY_URL + '/ready').catch(() => {}); setInterval(() => {}, 1000)";

/** Workers for tests. Those that wait first tell the gateway's address that they are up. */
export const SCRIPTS = {
  succeeds: "process.exit(0)",
  fails: "process.exit(3)",
  waits: REPORT_READY,
  savesWhenAsked: `process.on('SIGTERM', () => process.exit(0)); ${REPORT_READY}`,
  isOnStandby:
    "const { STANDBY_TOKEN, START_TOKEN } = process.env; process.exit(STANDBY_TOKEN && !START_TOKEN ? 0 : 5)",
  isToldHowToWork:
    "const { MAX_TURNS, STOP_GRACE_SECONDS } = process.env; process.exit(MAX_TURNS === '7' && STOP_GRACE_SECONDS === '3' ? 0 : 5)",
  ignoresSigterm: `process.on('SIGTERM', () => {}); ${REPORT_READY}`,
} as const;

let runs = 0;

/** A run nobody has started yet; `changes` for what matters to the test. */
export function aRun(changes: Partial<RunSpec> = {}): RunSpec {
  runs += 1;
  return {
    name: `peerbot-c0test-${process.pid}-${runs}`,
    sessionKey: sessionKeyOf({
      team: "T1",
      channel: "C0TEST",
      threadTs: `1700000000.${String(runs).padStart(6, "0")}`,
    }),
    epoch: 1,
    userId: "U1",
    startToken: new Secret("start-token"),
    gatewayUrl: "http://127.0.0.1:9", // where nobody listens
    deadlineAt: Date.now() + 60_000,
    logLevel: "info",
    ...changes,
  };
}

/** A worker to be started ahead. */
export function aStandby(changes: Partial<StandbySpec> = {}): StandbySpec {
  const { gatewayUrl, deadlineAt, logLevel, name } = aRun();
  const standbyToken = new Secret("standby-token");
  return { name: `${name}-warm`, gatewayUrl, deadlineAt, logLevel, standbyToken, ...changes };
}

const never = () => new AbortController().signal;

interface Gateway extends AsyncDisposable {
  readonly url: string;
  untilWorkerIsUp(): Promise<void>;
  /** How many workers have come up. */
  workers(): number;
}

async function listenForWorkers(place: RunnerUnderTest): Promise<Gateway> {
  const { promise: isUp, resolve } = Promise.withResolvers<void>();
  let workers = 0;
  const server = createServer((_request, response) => {
    workers += 1;
    resolve();
    response.setHeader("connection", "close").end();
  });
  server.listen(0, place.host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP listener has a port");
  return {
    url: (await place.urlOf?.(address.port)) ?? `http://${place.host}:${address.port}`,
    untilWorkerIsUp: () => isUp,
    workers: () => workers,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What every SessionRunner promises. */
export function describeSessionRunner(adapter: string, open: () => Promise<RunnerUnderTest>): void {
  describe(`SessionRunner: ${adapter}`, () => {
    let place: RunnerUnderTest;
    let gateway: Gateway;
    const opened: SessionRunner[] = [];
    const runnerOf = (script: string, settings?: Record<string, string>): SessionRunner => {
      const runner = place.createRunner(script, settings);
      opened.push(runner);
      return runner;
    };
    beforeEach(async () => {
      place = await open();
      gateway = await listenForWorkers(place);
    });
    afterEach(async () => {
      for (const runner of opened.splice(0)) {
        for (const name of await runner.list()) await runner.remove(name);
        await runner[Symbol.asyncDispose]();
      }
      await gateway[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    it("starts a worker and tells when it has completed", async () => {
      const runner = runnerOf(SCRIPTS.succeeds);
      const run = aRun();
      expect(await runner.start(run)).to.equal("started");
      expect(await runner.ended(run.name, never())).to.include({ reason: "completed", exitCode: 0 });
    });

    it("tells the exit code of a worker that failed", async () => {
      const runner = runnerOf(SCRIPTS.fails);
      const run = aRun();
      await runner.start(run);
      expect(await runner.ended(run.name, never())).to.include({ reason: "crashed", exitCode: 3 });
    });

    it("meets a run that another launcher started instead of starting it again", async () => {
      const [first, second] = [runnerOf(SCRIPTS.waits), runnerOf(SCRIPTS.waits)];
      const run = aRun({ gatewayUrl: gateway.url });
      const answers = await Promise.all([first.start(run), second.start(run), first.start(run)]);
      expect(answers.toSorted()).to.deep.equal(["already-exists", "already-exists", "started"]);
      expect(await second.start(run)).to.equal("already-exists");
      expect(await second.list()).to.deep.equal([run.name]);
      await gateway.untilWorkerIsUp();
      await new Promise((resolve) => setTimeout(resolve, 500)); // time for a second one, if there was one
      expect(gateway.workers()).to.equal(1);
    });

    it("tells every launcher how a run ended, also one that came after the end", async () => {
      const [first, second] = [runnerOf(SCRIPTS.fails), runnerOf(SCRIPTS.fails)];
      const run = aRun();
      await first.start(run);
      const ends = await Promise.all([first.ended(run.name, never()), second.ended(run.name, never())]);
      expect(ends.map(({ exitCode }) => exitCode)).to.deep.equal([3, 3]);
      expect(await second.start(run)).to.equal("already-exists");
      expect(await second.ended(run.name, never())).to.include({ reason: "crashed", exitCode: 3 });
    });

    it("lets a worker that is asked to stop save and leave", async () => {
      const runner = runnerOf(SCRIPTS.savesWhenAsked);
      const run = aRun({ gatewayUrl: gateway.url });
      await runner.start(run);
      const end = runner.ended(run.name, never());
      await gateway.untilWorkerIsUp();
      await runner.stop(run.name, { graceSeconds: 10 });
      expect(await end).to.include({ reason: "completed" });
    });

    it("ends a worker that ignores being asked once the grace time is over", async () => {
      const runner = runnerOf(SCRIPTS.ignoresSigterm);
      const run = aRun({ gatewayUrl: gateway.url });
      await runner.start(run);
      await gateway.untilWorkerIsUp();
      const began = Date.now();
      await runner.stop(run.name, { graceSeconds: 1 });
      expect(Date.now() - began).to.be.within(900, 6_000);
      expect(await runner.ended(run.name, never())).to.include({ reason: "deleted" });
    });

    it("ends a worker at its deadline, whatever launcher follows it then", async () => {
      const [first, second] = [runnerOf(SCRIPTS.ignoresSigterm), runnerOf(SCRIPTS.ignoresSigterm)];
      const run = aRun({ deadlineAt: Date.now() + 500 });
      await first.start(run);
      expect(await second.ended(run.name, never())).to.include({ reason: "deadline-exceeded" });
    });

    it("tells every worker how it is to work", async () => {
      const runner = runnerOf(SCRIPTS.isToldHowToWork, { MAX_TURNS: "7", STOP_GRACE_SECONDS: "3" });
      for (const worker of [aRun(), aStandby()]) {
        await runner.start(worker);
        expect(await runner.ended(worker.name, never())).to.include({ reason: "completed" });
      }
    });

    it("starts a worker ahead with nothing of any run", async () => {
      const runner = runnerOf(SCRIPTS.isOnStandby);
      const standby = aStandby();
      expect(await runner.start(standby)).to.equal("started");
      expect(await runner.start(standby)).to.equal("already-exists");
      expect(await runner.ended(standby.name, never())).to.include({ reason: "completed" });
    });

    it("ends a worker that was started ahead at the deadline of the run it was given, whoever follows it", async () => {
      const [first, second] = [runnerOf(SCRIPTS.ignoresSigterm), runnerOf(SCRIPTS.ignoresSigterm)];
      const standby = aStandby({ gatewayUrl: gateway.url });
      await first.start(standby);
      const seen = first.ended(standby.name, never());
      await gateway.untilWorkerIsUp();
      await first.assign(standby.name, aRun({ deadlineAt: Date.now() + 1_000 }));
      expect(await second.ended(standby.name, never())).to.include({ reason: "deadline-exceeded" });
      expect(await seen).to.include({ reason: "deadline-exceeded" });
    });

    it("lets a worker that was started ahead live beyond its own deadline once it has a run", async () => {
      const runner = runnerOf(SCRIPTS.ignoresSigterm);
      const standby = aStandby({ gatewayUrl: gateway.url, deadlineAt: Date.now() + 4_000 });
      await runner.start(standby);
      const end = runner.ended(standby.name, never());
      await gateway.untilWorkerIsUp();
      const run = aRun();
      await runner.assign(standby.name, run);
      await runner.assign(standby.name, run);
      const later = new Promise((resolve) =>
        setTimeout(() => resolve("alive"), standby.deadlineAt + 1_000 - Date.now()),
      );
      expect(await Promise.race([end, later])).to.equal("alive");
      await runner.assign("peerbot-unknown-1", run);
    });

    it("stops waiting for the end when asked to, and the worker lives on", async () => {
      const runner = runnerOf(SCRIPTS.waits);
      const run = aRun();
      await runner.start(run);
      const leaving = new AbortController();
      const waiting = runner.ended(run.name, leaving.signal).then(
        () => "ended",
        () => "left",
      );
      leaving.abort();
      expect(await waiting).to.equal("left");
      expect(await runner.start(run)).to.equal("already-exists");
    });

    it("forgets a removed run and ends it if it still lives", async () => {
      const runner = runnerOf(SCRIPTS.waits);
      const run = aRun();
      await runner.start(run);
      await runner.remove(run.name);
      expect(await runner.list()).to.deep.equal([]);
      expect(await runner.ended(run.name, never())).to.include({ reason: "deleted" });
      await runner.remove(run.name);
    });

    it("takes a run nobody knows of for one that is gone", async () => {
      const runner = runnerOf(SCRIPTS.succeeds);
      await runner.stop("peerbot-unknown-1", { graceSeconds: 1 });
      expect(await runner.ended("peerbot-unknown-1", never())).to.include({ reason: "deleted" });
    });
  });
}

import { expect } from "chai";
import type { ContainerInspectInfo } from "dockerode";
import { endOfGone, type HeardOf, judgeContainer, withLastWords } from "../src/runner/docker/judge-container.ts";

const FINISHED = "2026-11-24T10:00:00.5Z";
const LATER = Date.parse(FINISHED) + 60_000;
const DIED: HeardOf = { wasSignalled: false, isOutOfMemory: false, exitCode: 0 };
const UNHEARD: HeardOf = { wasSignalled: false, isOutOfMemory: false };

function container(state: Partial<ContainerInspectInfo["State"]>): ContainerInspectInfo {
  return {
    State: {
      Status: "exited",
      Running: false,
      Error: "",
      OOMKilled: false,
      ExitCode: 0,
      FinishedAt: FINISHED,
      ...state,
    },
  } as unknown as ContainerInspectInfo;
}

describe("How a container ended", () => {
  for (const [what, state, heard, expected] of [
    ["exit 0", {}, DIED, { reason: "completed", exitCode: 0 }],
    ["exit 3", { ExitCode: 3 }, DIED, { reason: "crashed", exitCode: 3 }],
    ["a signal from within", { ExitCode: 139 }, DIED, { reason: "crashed", signal: "SIGSEGV" }],
    ["too much memory", { ExitCode: 137, OOMKilled: true }, DIED, { reason: "out-of-memory", signal: "SIGKILL" }],
    ["too much memory of a child, survived", { OOMKilled: true }, DIED, { reason: "completed", exitCode: 0 }],
    ["docker kill", { ExitCode: 137 }, { ...DIED, wasSignalled: true }, { reason: "deleted", signal: "SIGKILL" }],
    ["docker stop, saved in time", {}, { ...DIED, wasSignalled: true }, { reason: "completed", exitCode: 0 }],
    ["a command that is not there", { ExitCode: 127 }, DIED, { reason: "could-not-start" }],
    [
      "a container the engine could not start",
      { Status: "created", Error: "no such file" },
      UNHEARD,
      { reason: "could-not-start", detail: "no such file" },
    ],
    ["an engine that was killed", { ExitCode: 255 }, UNHEARD, { reason: "node-lost" }],
    ["an engine that was stopped", { ExitCode: 137 }, UNHEARD, { reason: "node-lost" }],
    ["a failure nobody heard of", { ExitCode: 1 }, UNHEARD, { reason: "crashed", exitCode: 1 }],
  ] as const) {
    it(`calls ${what} ${expected.reason}`, () => {
      const verdict = judgeContainer(container(state), heard, LATER);
      expect(verdict.kind === "ended" && verdict.end).to.include(expected);
    });
  }

  for (const [what, ExitCode] of [
    ["its own clock", 124],
    ["a kill after it", 137],
  ] as const) {
    it(`calls ${what} at the deadline deadline-exceeded`, () => {
      const verdict = judgeContainer(container({ ExitCode }), { ...DIED, wasSignalled: true }, Date.parse(FINISHED));
      expect(verdict.kind === "ended" && verdict.end).to.include({ reason: "deadline-exceeded" });
    });
  }

  it("takes one that runs or is about to for living", () => {
    for (const Status of ["created", "running", "removing"]) {
      expect(judgeContainer(container({ Status }), UNHEARD, LATER)).to.deep.equal({ kind: "living" });
    }
  });

  it("knows of one that is gone what was heard of it", () => {
    expect(endOfGone(UNHEARD)).to.include({ reason: "deleted" });
    expect(endOfGone({ ...DIED, exitCode: 3 })).to.include({ reason: "crashed", exitCode: 3 });
    expect(endOfGone({ ...DIED, exitCode: 137, wasSignalled: true })).to.include({ reason: "deleted" });
  });

  it("takes a full JavaScript heap for what it is", () => {
    const end = { reason: "crashed", signal: "SIGABRT" } as const;
    expect(withLastWords(end, ["FATAL ERROR: JavaScript heap out of memory"])).to.include({ reason: "out-of-memory" });
    expect(withLastWords(end, ["something else"])).to.equal(end);
  });
});

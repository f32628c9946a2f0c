import { expect } from "chai";
import { failureOfTurn } from "../src/agent/failure-of-turn.ts";
import { objectionToCall } from "../src/agent/judge-tool-call.ts";
import { describeError, describeToolCall } from "../src/agent/step-title.ts";
import { outcomeOf } from "../src/outcome-of.ts";
import { timeUntilSaving } from "../src/save-time.ts";
import { parseShortStat } from "../src/workspace/change-size.ts";

const WORKSPACE = "/work/repository";

describe("a step's title", () => {
  const titles: [string, Record<string, string>, string][] = [
    ["Write", { file_path: `${WORKSPACE}/src/a.ts` }, "Write src/a.ts"],
    ["Edit", { file_path: "/etc/hosts" }, "Edit /etc/hosts"],
    ["Bash", { command: "npm test" }, "Run npm test"],
    ["Bash", { command: "npm test", description: "Run the tests" }, "Run the tests"],
    ["Grep", { pattern: "TODO" }, "Search for TODO"],
    ["Unheard", {}, "Unheard"],
  ];
  for (const [tool, input, title] of titles) {
    it(`says “${title}”`, () => expect(describeToolCall(tool, input, WORKSPACE).title).to.equal(title));
  }

  it("has at most 120 characters and no path of the workspace", () => {
    const { title, detail } = describeToolCall("Bash", { command: `cat ${WORKSPACE}/${"x".repeat(300)}` }, WORKSPACE);
    expect(title).to.have.length(120).and.not.contain(WORKSPACE);
    expect(detail).not.to.contain(WORKSPACE);
  });

  it("tells an error without the tool's markup", () => {
    expect(describeError(`<tool_use_error>No file ${WORKSPACE}/a</tool_use_error>`, WORKSPACE)).to.equal("No file a");
  });
});

describe("a tool call", () => {
  const judge = (tool: string, input: Record<string, string>) =>
    objectionToCall(tool, input, { workspace: WORKSPACE, folders: ["/tmp"] });

  it("may not push, however it is written", () => {
    expect(judge("Bash", { command: "git status && git -C . push origin main" })).to.match(/^Do not push/);
    expect(judge("Bash", { command: "echo git pushes nothing" })).to.equal(undefined);
  });

  it("writes inside the workspace or in /tmp only", () => {
    expect(judge("Write", { file_path: `${WORKSPACE}/../vault/config` })).to.match(/write inside it/);
    expect(judge("Write", { file_path: `${WORKSPACE}/a.txt` })).to.equal(undefined);
    expect(judge("Edit", { file_path: "/tmp/a.txt" })).to.equal(undefined);
  });
});

describe("a failed turn", () => {
  const codes: [Parameters<typeof failureOfTurn>[0], string][] = [
    [{ subtype: "success", apiStatus: 401, text: "x" }, "model-unauthorized"],
    [{ subtype: "success", apiStatus: 429, text: "x" }, "model-overloaded"],
    [{ subtype: "success", apiStatus: 529, text: "x" }, "model-overloaded"],
    [{ subtype: "success", apiStatus: 404, text: "x" }, "model-not-found"],
    [{ subtype: "success", apiStatus: 500, text: "x" }, "model-error"],
    [{ subtype: "success", apiStatus: 400, text: "x" }, "model-refused"],
    [{ subtype: "success", apiStatus: null, text: "API Error: Connection error (ECONNRESET)" }, "model-unreachable"],
    [{ subtype: "error_max_turns", text: "" }, "turn-limit"],
    [{ subtype: "error_max_budget_usd", text: "" }, "budget-limit"],
    [{ text: "process terminated by signal SIGKILL" }, "agent-failed"],
  ];
  for (const [trouble, code] of codes) {
    it(`is ${code} for ${trouble.subtype ?? trouble.text} ${trouble.apiStatus ?? ""}`, () => {
      expect(failureOfTurn(trouble).code).to.equal(code);
    });
  }
});

describe("a run's outcome", () => {
  const usage = { inputTokens: 0, outputTokens: 0, costUsd: 0, turns: 1, durationMs: 1 };
  const turn = (status: "completed" | "interrupted", isStopped = false) => ({
    result: { status, usage, answer: "" },
    isStopped,
  });
  const commit = { sha: "abc", subject: "Add" };

  it("is completed only when something is on the branch", () => {
    expect(outcomeOf({ turn: turn("completed"), saved: { commit }, isSaving: false }).outcome).to.equal("completed");
    expect(outcomeOf({ turn: turn("completed"), saved: {}, isSaving: false }).outcome).to.equal("no-changes");
  });

  it("is failed when the work did not reach its branch, whatever else happened", () => {
    const failure = { code: "push-conflict", message: "Conflict." };
    expect(outcomeOf({ turn: turn("interrupted", true), saved: { failure }, isSaving: true })).to.deep.equal({
      outcome: "failed",
      failure,
    });
  });

  it("is stopped by a person before it is saved by a deadline", () => {
    expect(outcomeOf({ turn: turn("interrupted", true), saved: {}, isSaving: true }).outcome).to.equal("stopped");
    expect(outcomeOf({ turn: turn("interrupted"), saved: {}, isSaving: true }).outcome).to.equal("saved");
  });
});

describe("the time to save", () => {
  const now = 1_000_000;
  const until = (seconds: number, marginSeconds?: number) =>
    timeUntilSaving({ now, deadlineAt: now + seconds * 1000, marginSeconds });

  it("is a minute before the deadline, or a quarter of a short run", () => {
    expect(until(600)).to.equal(540_000);
    expect(until(100)).to.equal(75_000);
    // A timer takes no fractions.
    expect(until(59.997)).to.equal(44_998);
  });

  it("is the margin that is set, and never in the past", () => {
    expect(until(100, 30)).to.equal(70_000);
    expect(until(10, 30)).to.equal(0);
    expect(until(-5)).to.equal(0);
  });
});

describe("the size of a change", () => {
  it("is read from git's short statistics, with whatever part of it is there", () => {
    expect(parseShortStat(" 3 files changed, 10 insertions(+), 2 deletions(-)")).to.deep.equal({
      files: 3,
      insertions: 10,
      deletions: 2,
    });
    expect(parseShortStat(" 1 file changed, 1 deletion(-)")).to.deep.equal({ files: 1, insertions: 0, deletions: 1 });
    expect(parseShortStat("")).to.deep.equal({ files: 0, insertions: 0, deletions: 0 });
  });
});

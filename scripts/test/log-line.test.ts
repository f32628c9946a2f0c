import { expect } from "chai";
import { formatLogLine } from "../stack/log-line.ts";

describe("a readable log line", () => {
  const format = (line: string) => formatLogLine(line, { service: "launcher", isColored: false });

  it("puts time, service, message and fields on one line", () => {
    const line = { level: 30, time: "2026-11-22T16:20:21.123Z", service: "launcher", msg: "run-started", epoch: 2 };
    expect(format(JSON.stringify(line))).to.equal("16:20:21 launcher run-started epoch=2");
  });

  it("names the level when it matters and indents the stack of an error", () => {
    const line = {
      level: 50,
      service: "launcher",
      msg: "run-failed",
      err: { message: "gone", stack: "Error: gone\nat x" },
    };
    expect(format(JSON.stringify(line))).to.equal("launcher error run-failed\n    Error: gone\n    at x");
  });

  it("leaves alone what is no JSON object", () => {
    expect(format("plain words")).to.equal("launcher plain words");
    expect(format("{broken")).to.equal("launcher {broken");
  });

  it("is coloured for a terminal", () => {
    expect(formatLogLine("x", { service: "gateway", isColored: true })).to.contain("\u001b[");
  });
});

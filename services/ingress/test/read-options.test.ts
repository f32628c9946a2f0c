import { expect } from "chai";
import { objectionToOptions } from "../src/judge-options.ts";
import { readOptions } from "../src/read-options.ts";

describe("options in a message", () => {
  for (const [text, rest, options] of [
    ["size=large add a page", "add a page", { size: "large" }],
    ["add a page size=large docker=on", "add a page", { size: "large", docker: true }],
    ["docker=on, size=small\nadd a page", "add a page", { docker: true, size: "small" }],
    ["docker=on add a page\n\nSize=Large", "add a page", { docker: true, size: "large" }],
    ["size=small add a page size=large", "add a page", { size: "large" }],
    ["docker=off", "", { docker: false }],
    ["keep `size=small` as it is size=large", "keep `size=small` as it is", { size: "large" }],
  ] as const) {
    it(`are taken off ${JSON.stringify(text)}`, () => {
      expect(readOptions(text)).to.deep.equal({ text: rest, options });
    });
  }

  for (const text of [
    "why does size=large fail?",
    "set `size=large`",
    "```\nfont size=large\n```",
    "run this:\n```\nfont size=large",
    "what is\n> font size=large",
    ">>> he said\nfont size=large",
    '"size=large" is wrong',
    "resize=large is new",
    "add branch=main",
  ]) {
    it(`are words in ${JSON.stringify(text)}`, () => {
      expect(readOptions(text)).to.deep.equal({ text, options: {} });
    });
  }

  it("with a value that is none are told apart", () => {
    const unknown = { name: "size", value: "huge" };
    expect(readOptions("docker=on size=huge add a page")).to.deep.equal({
      text: "add a page",
      options: { docker: true },
      unknown,
    });
    expect(readOptions("add a page docker=").unknown).to.deep.equal({ name: "docker", value: "" });
    expect(readOptions("add a page docker=__proto__").unknown).to.deep.equal({ name: "docker", value: "__proto__" });
  });

  it("take no longer to be found in a text made to be slow", () => {
    const before = process.cpuUsage();
    for (const text of [
      " ".repeat(40_000),
      "a ".repeat(20_000),
      "size=".repeat(8_000),
      `${"size=large ".repeat(3_600)}x`,
    ]) {
      readOptions(`x${text}x`);
      readOptions(text);
    }
    expect(process.cpuUsage(before).user / 1_000).to.be.lessThan(1_000);
  });
});

describe("what is said against options", () => {
  const policy = { allowedSizes: ["small", "standard"], allowDocker: false } as const;

  it("is nothing where they are allowed", () => {
    expect(objectionToOptions({ text: "work", options: { size: "small", docker: false } }, policy)).to.equal(undefined);
    expect(objectionToOptions({ text: "work" }, policy)).to.equal(undefined);
  });

  it("names what is possible instead", () => {
    const possible = ["size=small", "size=standard"];
    expect(objectionToOptions({ text: "work", unknownOption: { name: "size", value: "huge" } }, policy)).to.deep.equal({
      reason: "option-unknown",
      option: { written: "size=huge", possible },
    });
    expect(objectionToOptions({ text: "work", options: { size: "large" } }, policy)).to.deep.equal({
      reason: "option-not-allowed",
      option: { written: "size=large", possible },
    });
    expect(objectionToOptions({ text: "work", options: { docker: true } }, policy)).to.deep.equal({
      reason: "option-not-allowed",
      option: { written: "docker=on", possible: [] },
    });
  });

  it("is that they are no task", () => {
    expect(objectionToOptions({ text: "", options: { size: "small" } }, policy)).to.deep.equal({
      reason: "only-options",
    });
  });
});

import { inspect } from "node:util";
import { expect } from "chai";
import { z } from "zod";
import { ConfigError, commaSeparated, flag, httpUrl, loadConfig, Secret, secret, wholeNumber } from "../src/index.ts";

const Settings = z.object({
  TOKEN: secret().refine((value) => value.reveal().length >= 8, "must have at least 8 characters"),
  PORT: wholeNumber({ min: 1, max: 65_535 }).default(3000),
  NAMES: commaSeparated().prefault(""),
  URL: httpUrl(),
  IS_ON: flag().default(true),
});

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(Settings, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("settings", () => {
  it("are read from the environment, with their defaults", () => {
    const config = loadConfig(Settings, {
      TOKEN: "open sesame",
      URL: "https://x.example/",
      NAMES: " a, b ,,",
      OTHER: "1",
    });
    expect(config.TOKEN.reveal()).to.equal("open sesame");
    const { TOKEN: _, ...plain } = config;
    expect(plain).to.deep.equal({ PORT: 3000, NAMES: ["a", "b"], URL: "https://x.example", IS_ON: true });
  });

  it("count as unset when they are empty", () => {
    expect(problemsOf({ TOKEN: "", URL: "https://x.example", PORT: "" })).to.deep.equal(["TOKEN: is missing"]);
  });

  it("are refused with all mistakes together, each by its name and none with its value", () => {
    const wrong = { TOKEN: "hush", PORT: "70000", URL: "ftp://hush", IS_ON: "hush" };
    const problems = problemsOf(wrong);
    expect(problems.map((problem) => problem.split(":")[0])).to.have.members(["TOKEN", "PORT", "URL", "IS_ON"]);
    expect(problems.join()).to.not.match(/hush|70000/);
    expect(new ConfigError(problems).message).to.include("PORT: must be a whole number from 1 to 65535");
  });

  it("take no number that is not whole", () => {
    for (const PORT of ["-1", "1.5", "1e3", "0x10", " 1", "one"]) {
      expect(problemsOf({ TOKEN: "open sesame", URL: "https://x.example", PORT }), PORT).to.have.length(1);
    }
  });
});

describe("a secret", () => {
  it("prints as [secret], however it is made into text", () => {
    const hidden = new Secret("open sesame");
    const texts = [String(hidden), `${hidden}`, JSON.stringify({ hidden }), inspect({ hidden }, { showHidden: true })];
    for (const text of texts) expect(text).to.include("[secret]").and.not.include("sesame");
    expect(Object.keys(hidden)).to.deep.equal([]);
    expect(hidden.reveal()).to.equal("open sesame");
  });
});

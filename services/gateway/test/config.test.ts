import { ConfigError, loadConfig } from "@peerbot/runtime";
import { expect } from "chai";
import { GatewayConfig } from "../src/index.ts";

const complete = {
  TOKEN_SECRET: "x".repeat(32),
  ANTHROPIC_API_KEY: "key",
  GITHUB_TOKEN: "token",
  GITHUB_ORGANIZATION: "acme",
  CONVERSATION_DIRECTORY: "/tmp/conversations",
};

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(GatewayConfig, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("the gateway's settings", () => {
  it("need no more than the secrets, the organization and a place for conversations", () => {
    const config = loadConfig(GatewayConfig, complete);
    expect(config).to.include({
      GATEWAY_PORT: 3200,
      INTERNAL_PORT: 9093,
      ANTHROPIC_BASE_URL: "https://api.anthropic.com",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_GIT_URL: "https://github.com",
    });
  });

  it("are refused with all mistakes at once and no value in the text", () => {
    const problems = problemsOf({ TOKEN_SECRET: "too-short", ANTHROPIC_BASE_URL: "ftp://x", GATEWAY_PORT: "99999" });
    expect(problems.map((problem) => problem.split(":")[0])).to.have.members([
      "TOKEN_SECRET",
      "ANTHROPIC_API_KEY",
      "ANTHROPIC_BASE_URL",
      "GATEWAY_PORT",
      "GITHUB_TOKEN",
      "GITHUB_ORGANIZATION",
      "GCS_BUCKET",
    ]);
    expect(problems.join()).not.to.include("too-short");
  });

  it("ask for one place for conversations, not for two", () => {
    expect(problemsOf({ ...complete, GCS_BUCKET: "bucket" }).join()).to.match(
      /either GCS_BUCKET .* or CONVERSATION_DIR/,
    );
    const { CONVERSATION_DIRECTORY: _, ...without } = complete;
    expect(problemsOf(without).join()).to.match(/either GCS_BUCKET/);
    expect(problemsOf({ ...without, GCS_BUCKET: "bucket" })).to.deep.equal([]);
  });
});

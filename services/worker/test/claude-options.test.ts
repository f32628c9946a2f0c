import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import { type ClaudeSettings, claudeOptions, type OwnOptions } from "../src/agent/claude-options.ts";

const settings: ClaudeSettings = {
  binary: "/claude",
  baseUrl: "http://127.0.0.1:1",
  apiKey: new Secret("key"),
  workspace: "/w",
  home: "/home/worker",
  path: "/usr/bin",
  dockerHost: undefined,
  isRoot: false,
  maxTurns: undefined,
  maxBudgetUsd: undefined,
};
const own = { guidance: () => undefined } as unknown as OwnOptions;

describe("The agent's environment", () => {
  it("leads to the run's Docker, if it has one", () => {
    const dockerHost = "unix:///docker/docker.sock";
    expect(claudeOptions({ ...settings, dockerHost }, own).env).to.include({ DOCKER_HOST: dockerHost });
    expect(claudeOptions(settings, own).env).not.to.have.property("DOCKER_HOST");
  });
});

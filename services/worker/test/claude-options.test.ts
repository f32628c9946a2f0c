import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import type { TurnRequest } from "../src/agent/agent.ts";
import { type ClaudeSettings, claudeOptions } from "../src/agent/claude-options.ts";

const settings: ClaudeSettings = {
  binary: "/claude",
  baseUrl: "http://gateway/anthropic",
  modelToken: new Secret("model-token"),
  home: "/home/worker",
  path: "/usr/bin",
  dockerHost: undefined,
  isRoot: false,
  maxTurns: undefined,
  maxBudgetUsd: undefined,
};
const request = { memory: { sessionId: "s", transcript: {} }, workspace: "/w", briefing: "" } as unknown as TurnRequest;
const place = { mark: "m", configFolder: "/c", onStart: () => {} };

describe("The agent's environment", () => {
  it("leads to the run's Docker, if it has one", () => {
    const dockerHost = "unix:///docker/docker.sock";
    expect(claudeOptions({ ...settings, dockerHost }, request, place).env).to.include({ DOCKER_HOST: dockerHost });
    expect(claudeOptions(settings, request, place).env).not.to.have.property("DOCKER_HOST");
  });
});

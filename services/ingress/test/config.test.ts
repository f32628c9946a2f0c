import { ConfigError, loadConfig } from "@peerbot/runtime";
import { expect } from "chai";
import { IngressConfig } from "../src/index.ts";

describe("The settings", () => {
  const problemsOf = (environment: Record<string, string>): readonly string[] => {
    try {
      loadConfig(IngressConfig, environment);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.problems : [String(error)];
    }
  };

  it("need a signing secret in http mode and an app token in socket mode", () => {
    const token = { SLACK_BOT_TOKEN: "xoxb" };
    expect(problemsOf({ ...token, SLACK_SIGNING_SECRET: "s" })).to.deep.equal([]);
    expect(problemsOf({ ...token, SLACK_MODE: "socket", SLACK_APP_TOKEN: "xapp" })).to.deep.equal([]);
    expect(problemsOf(token).join()).to.match(/^SLACK_SIGNING_SECRET: is missing; SLACK_MODE=http needs it/);
    expect(problemsOf({ ...token, SLACK_MODE: "socket" }).join()).to.match(/^SLACK_APP_TOKEN: is missing/);
  });

  it("report all mistakes together, by name and never by value", () => {
    const problems = problemsOf({
      INGRESS_PORT: "hunter2",
      SLACK_ALLOW_DIRECT_MESSAGES: "perhaps",
      SLACK_DENIED_USERS: "U012AB3CD, @mallory",
    });
    const names = problems.map((problem) => problem.split(":")[0]);
    expect(names).to.have.members([
      ...[
        "SLACK_BOT_TOKEN",
        "INGRESS_PORT",
        "SLACK_ALLOW_DIRECT_MESSAGES",
        "SLACK_SIGNING_SECRET",
        "SLACK_DENIED_USERS",
      ],
    ]);
    expect(problems.join()).not.to.match(/hunter2|perhaps|mallory/);
  });
});

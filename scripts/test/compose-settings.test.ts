import { parseEnv } from "node:util";
import { expect } from "chai";
import { envFileOf } from "../compose/env-file.ts";
import { CONTAINER_NAMES, type ContainerName, planSettings } from "../compose/plan-settings.ts";
import { readVariables } from "../settings/read-variables.ts";
import { chooseOutsideWorld, type Settings } from "../stack/outside-world.ts";

const SECRETS = { tokenSecret: "t".repeat(32), slackSigningSecret: "s".repeat(32), bullBoardPassword: "letmein12" };
const REAL = {
  SLACK_BOT_TOKEN: "xoxb-1",
  SLACK_APP_TOKEN: "xapp-1",
  GITHUB_TOKEN: "ghp_1",
  GITHUB_ORGANIZATION: "acme",
  ANTHROPIC_API_KEY: "sk-ant-1",
  GCS_BUCKET: "acme-peerbot",
  GOOGLE_APPLICATION_CREDENTIALS: "/home/ada/key.json",
};

describe("the settings of containers", () => {
  let variables: Record<ContainerName, string[]>;
  const plan = (settings: Settings) =>
    planSettings({ settings, real: chooseOutsideWorld(settings).real, variables, secrets: SECRETS });
  before(async () => {
    variables = await readVariables(`${import.meta.dirname}/../..`, CONTAINER_NAMES);
  });

  it("lead to the sandbox by its name, unless something is set", () => {
    const { settings, standIns } = plan({});
    expect(standIns).to.deep.equal(["slack", "github", "claude", "gcs"]);
    expect(settings.gateway).to.include({
      GITHUB_API_URL: "http://sandbox:3100/github/api",
      GITHUB_GIT_URL: "http://sandbox:3100/github/git",
      ANTHROPIC_BASE_URL: "http://sandbox:3100/anthropic",
      GCS_API_ENDPOINT: "http://sandbox:3100",
    });
    expect(settings.ingress).to.include({ SLACK_MODE: "http", SLACK_API_URL: "http://sandbox:3100/slack/api/" });
    expect(settings.sandbox).to.include({ SLACK_EVENTS_URL: "http://ingress:3000/slack/events" });
  });

  it("lead to whoever is real, and tell the sandbox none of it", () => {
    const { settings, standIns } = plan(REAL);
    expect(standIns).to.deep.equal([]);
    expect(settings.ingress).to.include({ SLACK_MODE: "socket", SLACK_BOT_TOKEN: "xoxb-1" });
    expect(settings.gateway).to.include({ GITHUB_TOKEN: "ghp_1", ANTHROPIC_API_KEY: "sk-ant-1" });
    expect(settings.gateway).to.include({ GOOGLE_APPLICATION_CREDENTIALS: "/run/google-credentials.json" });
    expect(JSON.stringify([settings.ingress, settings.gateway, settings.launcher, settings.streamer])).not.to.include(
      "sandbox",
    );
    for (const secret of ["xoxb-1", "xapp-1", "ghp_1", "sk-ant-1"]) {
      expect(Object.values(settings.sandbox), secret).not.to.include(secret);
    }
  });

  it("give each service what it reads and nothing else", () => {
    const { settings } = plan({ ...REAL, PATH: "/opt/bin", MODEL: "opus", RATE_LIMIT_MAX: "9", UNKNOWN: "x" });
    for (const name of CONTAINER_NAMES) {
      const own = [...variables[name], ...(name === "gateway" ? ["GOOGLE_APPLICATION_CREDENTIALS"] : [])];
      expect(own, name).to.include.members(Object.keys(settings[name]));
      expect(settings[name], name).not.to.have.property("PATH");
    }
    expect(settings.launcher).to.include({ RATE_LIMIT_MAX: "9" }).and.not.have.property("ANTHROPIC_API_KEY");
    expect(plan({ DOCKER_IN_DOCKER: "rootless" }).settings["docker-proxy"]).to.deep.equal({
      DOCKER_IN_DOCKER: "rootless",
    });
    expect(settings.streamer).not.to.have.any.keys("GITHUB_TOKEN", "TOKEN_SECRET", "ANTHROPIC_API_KEY");
    expect(settings.launcher.TOKEN_SECRET).to.equal(settings.gateway.TOKEN_SECRET);
  });

  it("keep conversations in the volume that is there for them, when a folder is asked for", () => {
    const { settings, standIns } = plan({ CONVERSATION_DIRECTORY: "anywhere" });
    expect(settings.gateway)
      .to.include({ CONVERSATION_DIRECTORY: "/conversations" })
      .and.not.have.property("GCS_BUCKET");
    expect(standIns).not.to.include("gcs");
  });

  it("survive a file of settings, whatever a value holds", () => {
    const values = {
      A: "plain",
      B: "it's",
      C: 'say "hi" \\n',
      D: "# no comment",
      E: "a=b $C `d`",
      F: "two\nlines",
      G: "",
    };
    expect({ ...parseEnv(envFileOf(values)) }).to.deep.equal(values);
    expect(() => envFileOf({ ODD: "'\"`" })).to.throw(/ODD/);
  });
});

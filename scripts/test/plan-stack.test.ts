import { expect } from "chai";
import { chooseOutsideWorld, type Settings } from "../stack/outside-world.ts";
import { planStack, type StackPlan } from "../stack/plan-stack.ts";
import { DEFAULT_PORTS } from "../stack/ports.ts";
import { problemsOfRunner } from "../stack/runner-problems.ts";
import type { ServiceName } from "../stack/service-names.ts";

const VARIABLES: Record<ServiceName, string[]> = {
  sandbox: ["SANDBOX_PORT", "SANDBOX_DATA_DIR", "SLACK_BOT_TOKEN", "GITHUB_TOKEN", "ANTHROPIC_API_KEY"],
  gateway: [
    ...[
      "REDIS_URL",
      "INTERNAL_PORT",
      "GATEWAY_HOST",
      "GATEWAY_PORT",
      "TOKEN_SECRET",
      "MODEL",
      "CONVERSATION_DIRECTORY",
    ],
    ...["GITHUB_TOKEN", "GITHUB_ORGANIZATION", "GITHUB_API_URL", "GITHUB_GIT_URL"],
    ...["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "GCS_BUCKET", "GCS_API_ENDPOINT"],
  ],
  streamer: ["REDIS_URL", "INTERNAL_PORT", "SLACK_BOT_TOKEN", "SLACK_API_URL"],
  launcher: ["REDIS_URL", "INTERNAL_PORT", "TOKEN_SECRET", "GATEWAY_URL", "RUNNER", "BULL_BOARD_PASSWORD"],
  ingress: ["REDIS_URL", "INTERNAL_PORT", "INGRESS_PORT", "SLACK_MODE", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"],
};

function plan(settings: Settings): StackPlan {
  return planStack({
    settings,
    real: chooseOutsideWorld(settings).real,
    variables: VARIABLES,
    ports: DEFAULT_PORTS,
    secrets: { tokenSecret: "t".repeat(32), slackSigningSecret: "s".repeat(32), bullBoardPassword: "letmein12" },
    dataDir: "/data",
    redis: { url: "redis://127.0.0.1:6400", prefix: "peerbot" },
    system: { PATH: "/bin" },
  });
}

function environmentOf(name: ServiceName, settings: Settings): Readonly<Record<string, string>> {
  return plan(settings).services.find((service) => service.name === name)?.environment ?? {};
}

describe("the plan of a stack", () => {
  it("points every outside address at the sandbox when nothing is set", () => {
    const { standIns, services } = plan({});
    expect(standIns).to.deep.equal(["slack", "github", "claude", "gcs"]);
    expect(services.map(({ name }) => name)).to.include("sandbox");
    expect(environmentOf("gateway", {})).to.include({
      GITHUB_API_URL: "http://127.0.0.1:3100/github/api",
      GITHUB_GIT_URL: "http://127.0.0.1:3100/github/git",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:3100/anthropic",
      GCS_API_ENDPOINT: "http://127.0.0.1:3100",
    });
    expect(environmentOf("streamer", {}).SLACK_API_URL).to.equal("http://127.0.0.1:3100/slack/api/");
  });

  it("lets the pods of a real cluster reach the gateway where the operator says, and asks where that is", () => {
    const settings = { RUNNER: "kubernetes", KUBECONFIG: "/home/ada/.kube/config" };
    const told = { ...settings, GATEWAY_URL: "http://172.18.0.1:3200", WORKER_IMAGE: "peerbot-worker:0.1.0" };
    expect(environmentOf("launcher", told)).to.include({ GATEWAY_URL: "http://172.18.0.1:3200" });
    expect(environmentOf("gateway", told)).to.include({ GATEWAY_HOST: "0.0.0.0", GATEWAY_PORT: "3200" });
    expect(environmentOf("gateway", { ...told, GATEWAY_HOST: "172.18.0.1" }).GATEWAY_HOST).to.equal("172.18.0.1");
    expect(problemsOfRunner(told)).to.deep.equal([]);
    expect(problemsOfRunner(settings).join()).to.match(/GATEWAY_URL is missing.*WORKER_IMAGE is missing/);
    // Everybody else's gateway stays on this machine.
    expect(environmentOf("gateway", { GATEWAY_URL: "http://172.18.0.1:3200" }).GATEWAY_HOST).to.equal("127.0.0.1");
  });

  it("tells a service only what its schema names, the machine's own variables apart", () => {
    expect(environmentOf("ingress", {})).to.have.all.keys("PATH", ...VARIABLES.ingress);
    expect(environmentOf("ingress", { GITHUB_TOKEN: "ghp_1", GITHUB_ORGANIZATION: "o" })).not.to.have.property(
      "GITHUB_TOKEN",
    );
    expect(environmentOf("gateway", { MODEL: "opus" })).to.include({ MODEL: "opus" });
  });

  const real = [
    {
      party: "slack",
      settings: { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" },
      service: "streamer",
      told: { SLACK_BOT_TOKEN: "xoxb-1" },
      untold: "SLACK_API_URL",
    },
    {
      party: "github",
      settings: { GITHUB_TOKEN: "ghp_1", GITHUB_ORGANIZATION: "acme" },
      service: "gateway",
      told: { GITHUB_TOKEN: "ghp_1", GITHUB_ORGANIZATION: "acme" },
      untold: "GITHUB_API_URL",
    },
    {
      party: "claude",
      settings: { ANTHROPIC_API_KEY: "sk-1" },
      service: "gateway",
      told: { ANTHROPIC_API_KEY: "sk-1" },
      untold: "ANTHROPIC_BASE_URL",
    },
    {
      party: "gcs",
      settings: { GCS_BUCKET: "mine" },
      service: "gateway",
      told: { GCS_BUCKET: "mine" },
      untold: "GCS_API_ENDPOINT",
    },
  ] as const;
  for (const { party, settings, service, told, untold } of real) {
    it(`makes ${party} alone real when its credentials are set`, () => {
      expect(plan(settings).standIns).to.have.lengthOf(3).and.not.to.include(party);
      expect(environmentOf(service, settings)).to.include(told).and.not.to.have.property(untold);
    });
    it(`never tells the sandbox the credentials of the real ${party}`, () => {
      const known = Object.values(environmentOf("sandbox", settings));
      expect(known.filter((value) => Object.values<string>(told).includes(value))).to.deep.equal([]);
    });
  }

  it("does without the sandbox when everything is real", () => {
    const everything = Object.assign({}, ...real.map(({ settings }) => settings));
    const { services, sandboxUrl } = plan(everything);
    expect(services.map(({ name }) => name)).to.deep.equal(["gateway", "streamer", "launcher", "ingress"]);
    expect(sandboxUrl).to.equal(undefined);
  });

  it("connects to a real Slack through a socket when there is an app token, else over HTTP", () => {
    const socket = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" };
    const http = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "s" };
    expect(environmentOf("ingress", socket)).to.include({ SLACK_MODE: "socket" });
    expect(environmentOf("ingress", http)).to.include({ SLACK_MODE: "http" });
  });

  it("keeps conversations in a folder when told so", () => {
    const settings = { CONVERSATION_DIRECTORY: "/conversations" };
    expect(plan(settings).standIns).to.deep.equal(["slack", "github", "claude"]);
    expect(environmentOf("gateway", settings)).to.include(settings).and.not.to.have.property("GCS_BUCKET");
  });

  it("tells Google's credentials to the gateway alone, and only for a real bucket", () => {
    const file = { GOOGLE_APPLICATION_CREDENTIALS: "/key.json" };
    expect(environmentOf("gateway", { ...file, GCS_BUCKET: "mine" })).to.include(file);
    expect(environmentOf("launcher", { ...file, GCS_BUCKET: "mine" })).not.to.have.any.keys(file);
    expect(environmentOf("gateway", file)).not.to.have.any.keys(file);
  });

  it("names what a half-configured party lacks", () => {
    expect(chooseOutsideWorld({ GITHUB_TOKEN: "ghp_1" }).problems.join()).to.contain("GITHUB_ORGANIZATION is missing");
    expect(chooseOutsideWorld({ SLACK_APP_TOKEN: "xapp-1" }).problems.join()).to.contain("SLACK_BOT_TOKEN is missing");
    expect(chooseOutsideWorld({ SLACK_BOT_TOKEN: "xoxb-1" }).problems.join()).to.contain("SLACK_SIGNING_SECRET");
    expect(chooseOutsideWorld({}).problems).to.deep.equal([]);
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig, Secret } from "@peerbot/runtime";
import { SandboxConfig } from "@peerbot/sandbox";
import { expect } from "chai";
import { loadAll } from "js-yaml";
import { outsideSettings } from "../../scripts/stack/outside-settings.ts";
import { OUTSIDE_PARTIES } from "../../scripts/stack/outside-world.ts";
import { isForSandbox } from "../../services/sandbox/src/known-hosts.ts";
import { type Tools, toolsOrSkip } from "./fetched-tools.ts";
import { restrictedProblems } from "./pod-security.ts";
import { environmentOf } from "./read-chart.ts";
import { type Manifest, type Rendered, renderChart, typedObjects } from "./rendered-chart.ts";
import { schemaProblems, unknownFields } from "./validate-object.ts";
import { VARIANTS } from "./variants.ts";

const SERVICES = ["ingress", "launcher", "gateway", "streamer"];
const URL = "http://peerbot-sandbox:3100";

describe("The sandbox in a cluster", function () {
  this.timeout(180_000);
  let tools: Tools;
  let chart: Rendered;
  let objects: Manifest[];
  let typed: Manifest[];
  let pod: Manifest;
  let config: SandboxConfig;

  before(async function () {
    tools = await toolsOrSkip(this);
    const { options } = VARIANTS.find(({ name }) => name === "values-sandbox.yaml") ?? {};
    chart = await renderChart(tools.helm, options ?? {});
    const yaml = await readFile(join(import.meta.dirname, "../sandbox.yaml"), "utf8");
    objects = loadAll(yaml) as Manifest[];
    typed = typedObjects(yaml);
    pod = objects.find(({ kind }) => kind === "Deployment").spec.template.spec;
    const env = pod.containers[0].env.map(({ name, value }: Manifest) => [name, value]);
    config = loadConfig(SandboxConfig, { ...Object.fromEntries(env), SANDBOX_HOST: "0.0.0.0" });
  });

  it("consists of objects that fit the OpenAPI and a restricted pod", async () => {
    const problems = await Promise.all(objects.map((object) => schemaProblems(object, tools.schemas)));
    const unknown = objects.flatMap((object, index) => unknownFields(object, typed[index]));
    expect([...problems.flat(), ...unknown, ...restrictedProblems(pod)]).to.deep.equal([]);
    expect(
      objects.every(({ metadata }) => metadata.name === "peerbot-sandbox" && metadata.namespace === undefined),
    ).to.equal(true);
  });

  it("is of the version the chart deploys", () => {
    const version = chart.one("Deployment", "-gateway").metadata.labels["app.kubernetes.io/version"];
    expect(pod.containers[0].image).to.equal(`peerbot-sandbox:${version}`);
  });

  it("is where values-sandbox.yaml leads every service", () => {
    const { SLACK_SIGNING_SECRET: _, ...outside } = outsideSettings({
      settings: { SLACK_MODE: "socket" },
      standIns: OUTSIDE_PARTIES,
      urls: { sandbox: URL, ingress: "" },
      secrets: { slackSigningSecret: "" },
    });
    for (const service of SERVICES) {
      for (const { name, value } of environmentOf(chart, service)) {
        if (value !== undefined && name in outside) expect(value, `${service} ${name}`).to.equal(outside[name]);
      }
    }
    const told = SERVICES.flatMap((service) => environmentOf(chart, service).map(({ name }) => name));
    expect(told).to.include.members(
      Object.keys(outside).filter((name) => /_(URL|ENDPOINT|BUCKET)$/.test(name) && name !== "SLACK_EVENTS_URL"),
    );
    expect(config.SLACK_DELIVERY).to.equal("socket");
  });

  it("takes the credentials that values-sandbox.yaml gives to services", () => {
    const { stringData } = chart.one("Secret", "-secrets");
    for (const name of ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_TOKEN", "ANTHROPIC_API_KEY"] as const) {
      expect(config[name]).to.be.instanceOf(Secret);
      expect(stringData[name], name).to.equal(config[name].reveal());
    }
  });

  it("answers to the services and to its probe, but not to any address", () => {
    const names = {
      boundTo: config.SANDBOX_HOST,
      publicUrl: config.SANDBOX_PUBLIC_URL,
      servicesUrl: config.SANDBOX_SERVICES_URL,
    };
    const [header] = pod.containers[0].readinessProbe.httpGet.httpHeaders;
    expect(header.name).to.equal("Host");
    expect(isForSandbox(header.value, names)).to.equal(true);
    expect(isForSandbox("peerbot-sandbox:3100", names)).to.equal(true);
    expect(isForSandbox("10.244.0.7:3100", names)).to.equal(false);
  });

  it("takes neither a volume of the cluster nor the internet", () => {
    expect([
      ...chart.of("PersistentVolumeClaim"),
      ...chart.of("StatefulSet").flatMap(({ spec }) => spec.volumeClaimTemplates ?? []),
    ]).to.deep.equal([]);
    expect(chart.one("NetworkPolicy", "-workers").spec.egress).to.have.length(2);
  });
});

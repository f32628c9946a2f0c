import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { WORKER_SIZES } from "@peerbot/contracts";
import { expect } from "chai";
import { readSettings } from "../../scripts/settings/read-settings.ts";
import { jobOf } from "../../services/launcher/src/runner/kubernetes/job-of.ts";
import { settingsOf } from "../../services/launcher/src/runner/kubernetes/open-kubernetes-runner.ts";
import { tokenSecretOf } from "../../services/launcher/src/runner/kubernetes/start-token-secret.ts";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import { type Tools, toolsOrSkip } from "./fetched-tools.ts";
import { restrictedProblems } from "./pod-security.ts";
import { quantityOf } from "./quantities.ts";
import { environmentOf, launcherConfigOf, workloads } from "./read-chart.ts";
import { CHART, type Manifest, type Rendered, renderChart, valuesOptions } from "./rendered-chart.ts";
import { schemaProblems, unknownFields } from "./validate-object.ts";
import { CREDENTIALS, VARIANTS } from "./variants.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const SERVICES = ["ingress", "launcher", "gateway", "streamer"] as const;

/** Folders, programs and addresses of the machine a service runs on: images and the chart's own ports decide those. */
const OF_ONE_MACHINE = new Set([
  ...["FAULT_POINTS_DIR", "RUNS_DIR", "WORKER_MAIN", "PATH", "KUBECONFIG"],
  ...["INTERNAL_HOST", "INGRESS_HOST", "GATEWAY_HOST"],
  ...["DOCKER_HOST", "DOCKER_INSTANCE", "DOCKER_GATEWAY", "DOCKER_SUBNETS", "DOCKER_INTERNET", "DOCKER_PROCESSES"],
  ...["DOCKER_TMP_MIB", "DOCKER_WORKSPACE_GIB", "DOCKER_REGISTRY_USER", "DOCKER_REGISTRY_PASSWORD"],
]);

describe("The Helm chart", function () {
  this.timeout(180_000);
  let tools: Tools;
  const rendered = new Map<string, Rendered>();
  const variant = (name: string): Rendered => {
    const found = rendered.get(name);
    if (found === undefined) throw new Error(`${name} was not rendered`);
    return found;
  };

  before(async function () {
    tools = await toolsOrSkip(this);
    for (const { name, options } of VARIANTS) rendered.set(name, await renderChart(tools.helm, options));
  });

  for (const { name, options } of VARIANTS) {
    describe(`with ${name}`, () => {
      it("passes helm lint --strict", async () => {
        await run(tools.helm, ["lint", "--strict", CHART, "--quiet", ...valuesOptions(options)]);
      });

      it("consists of objects that fit the OpenAPI of their kinds, without unknown fields", async () => {
        const { all, typed } = variant(name);
        expect(all.length).to.be.greaterThan(20);
        const problems = await Promise.all(all.map((object) => schemaProblems(object, tools.schemas)));
        const unknown = all.flatMap((object, index) =>
          unknownFields(object, typed[index]).map((path) => `${object.kind} ${object.metadata.name}: ${path}`),
        );
        expect([...problems.flat(), ...unknown]).to.deep.equal([]);
      });

      it("has no two objects of one name", () => {
        const names = variant(name).all.map(
          ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
        );
        expect(names).to.deep.equal([...new Set(names)]);
      });

      it("gives every pod the restricted security standard and a service account of its own", () => {
        const accounts = variant(name)
          .of("ServiceAccount")
          .map(({ metadata }) => metadata.name);
        for (const { metadata, spec } of workloads(variant(name))) {
          const pod = spec.template.spec;
          expect(restrictedProblems(pod), metadata.name).to.deep.equal([]);
          expect(accounts).to.include(pod.serviceAccountName);
          expect(pod.automountServiceAccountToken).to.equal(metadata.name.endsWith("-launcher"));
        }
      });

      it("sets exactly what services read, with values they take", async () => {
        for (const { service, settings } of await readSettings(ROOT)) {
          if (!isDeployed(service)) continue;
          const known = settings.map((setting) => setting.name);
          const env = environmentOf(variant(name), service);
          expect(known, service).to.include.members(env.map((variable) => variable.name));
          const required = settings.filter(({ isRequired }) => isRequired).map((setting) => setting.name);
          expect(
            env.map((variable) => variable.name),
            service,
          ).to.include.members(required);
          const secrets = settings.filter(({ isSecret }) => isSecret).map((setting) => setting.name);
          for (const variable of env) {
            const isSecret = secrets.includes(variable.name) || variable.name === "REDIS_URL";
            expect(variable.valueFrom?.secretKeyRef !== undefined, variable.name).to.equal(isSecret);
          }
        }
      });

      it("lets the launcher read its environment", () => {
        expect(() => launcherConfigOf(variant(name))).not.to.throw();
      });

      it("leads to Jobs and Secrets that fit the OpenAPI of their kinds", async () => {
        const settings = settingsOf(launcherConfigOf(variant(name)));
        for (const docker of [false, true]) {
          const spec = aRun({ docker });
          const objects = [jobOf(spec, settings, Date.now()), tokenSecretOf(spec, settings)];
          const problems = await Promise.all(objects.map((object) => schemaProblems(object, tools.schemas)));
          expect(problems.flat()).to.deep.equal([]);
        }
      });

      it("computes a quota with room for every worker its launchers may begin, of any size, and for those that wait", () => {
        const config = launcherConfigOf(variant(name));
        const quota = variant(name).one("ResourceQuota", "-workers").spec.hard;
        const limits = variant(name).one("LimitRange", "-workers").spec.limits[0];
        const workers = mostReplicas(variant(name), "launcher") * config.MAX_CONCURRENT_RUNS + config.WARM_WORKERS;
        expect(quantityOf(quota.pods)).to.be.at.least(workers);
        for (const size of WORKER_SIZES) {
          const pod = jobOf({ ...aRun(), size, docker: true }, settingsOf(config), Date.now()).spec?.template.spec;
          const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
          for (const what of ["cpu", "memory"] as const) {
            for (const bound of ["requests", "limits"] as const) {
              const each = containers.map(({ resources }) => quantityOf(resources?.[bound]?.[what] ?? ""));
              const one = each.reduce((sum, amount) => sum + amount, 0);
              expect(quantityOf(quota[`${bound}.${what}`]), `${bound}.${what} of ${size}`).to.be.at.least(
                one * workers,
              );
              expect(Math.max(...each)).to.be.at.most(quantityOf(limits.max[what]));
            }
          }
        }
      });

      it("selects pods that are there, in policies, budgets, Services and scalers", () => {
        const chart = variant(name);
        const pods = workloads(chart).map(({ spec }) => spec.template.metadata.labels);
        const selectors = [
          ...chart.of("Service").map(({ spec }) => spec.selector),
          ...chart.of("PodDisruptionBudget").map(({ spec }) => spec.selector.matchLabels),
          ...chart.of("NetworkPolicy").flatMap(({ spec }) => spec.podSelector.matchLabels ?? []),
        ];
        for (const selector of selectors) {
          const isMet = pods.some((labels) => Object.entries(selector).every(([key, value]) => labels[key] === value));
          expect(isMet, JSON.stringify(selector)).to.equal(true);
        }
        const targets = [...chart.of("HorizontalPodAutoscaler"), ...chart.of("ScaledObject")];
        const names = chart.of("Deployment").map(({ metadata }) => metadata.name);
        expect(names).to.include.members(targets.map(({ spec }) => spec.scaleTargetRef.name));
      });

      it("gives each Deployment selectors of its own, probes and time to leave", () => {
        const deployments = variant(name).of("Deployment");
        const selectors = deployments.map(({ spec }) => JSON.stringify(spec.selector));
        expect(new Set(selectors).size).to.equal(SERVICES.length);
        for (const { metadata, spec } of deployments) {
          const [container] = spec.template.spec.containers;
          expect(container, metadata.name).to.include.keys(
            "startupProbe",
            "readinessProbe",
            "livenessProbe",
            "lifecycle",
          );
          expect(spec.template.spec.terminationGracePeriodSeconds).to.be.greaterThan(30);
        }
      });
    });
  }

  describe("for workers", () => {
    it("gives the launcher the least in their namespace, and nobody anything else", () => {
      const chart = variant("values-production.yaml");
      expect(chart.of("ClusterRole").concat(chart.of("ClusterRoleBinding"))).to.deep.equal([]);
      expect(chart.of("Role").map(({ metadata }) => metadata.namespace)).to.deep.equal(["peerbot-workers"]);
      const { rules } = chart.one("Role", "-launcher");
      const verbs = (resource: string) => rules.find((rule: Manifest) => rule.resources.includes(resource))?.verbs;
      expect(verbs("secrets")).to.have.members(["create", "patch", "delete"]);
      expect(JSON.stringify(rules)).not.to.include("*");
      const [subject] = chart.one("RoleBinding", "-launcher").subjects;
      expect(subject).to.include({ kind: "ServiceAccount", name: "peerbot-launcher", namespace: "peerbot" });
    });

    it("lets them reach the gateway and DNS, and nothing private", () => {
      const closed = variant("values.yaml with a bucket").one("NetworkPolicy", "-workers");
      expect(closed.spec).to.deep.include({ podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [] });
      const ports = closed.spec.egress.map((rule: Manifest) => rule.ports.map(({ port }: Manifest) => port));
      expect(ports).to.deep.equal([[3200], [53, 53]]);
      const open = variant("values-production.yaml").one("NetworkPolicy", "-workers");
      const internet = open.spec.egress.at(-1).to;
      expect(internet.map(({ ipBlock }: Manifest) => ipBlock.cidr)).to.deep.equal(["0.0.0.0/0", "::/0"]);
      const metadata = "169.254.0.0/16";
      expect(internet[0].ipBlock.except).to.include("168.63.129.16/32");
      expect(internet[0].ipBlock.except).to.include.members([
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        metadata,
      ]);
      expect(internet[1].ipBlock.except).to.include.members(["fc00::/7", "fe80::/10"]);
    });

    it("lets the namespace itself refuse pods that are not restricted", () => {
      const labels = variant("values-production.yaml").one("Namespace", "peerbot-workers").metadata.labels;
      expect(labels).to.include({ "pod-security.kubernetes.io/enforce": "restricted" });
    });

    it("opens the namespace for privileged pods only where workers may have a Docker", () => {
      for (const { name } of VARIANTS) {
        const labels = variant(name).one("Namespace", "peerbot-workers").metadata.labels;
        const { DOCKER_IN_DOCKER } = launcherConfigOf(variant(name));
        const level = DOCKER_IN_DOCKER === "off" ? "restricted" : "privileged";
        expect(labels, name).to.include({ "pod-security.kubernetes.io/enforce": level });
        const settings = environmentOf(variant(name), "ingress");
        expect(settings).to.deep.include({ name: "DOCKER_IN_DOCKER", value: DOCKER_IN_DOCKER });
      }
    });

    it("leaves no credential in their namespace", () => {
      for (const { name } of VARIANTS) {
        const namespaces = variant(name)
          .of("Secret")
          .map(({ metadata }) => metadata.namespace);
        expect(namespaces.every((namespace) => namespace === "peerbot")).to.equal(true);
      }
    });
  });

  it("knows every setting of the services but those about one machine", async () => {
    const template = await readFile(join(CHART, "templates/_settings.tpl"), "utf8");
    const known = new Set(template.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b(MODEL|RUNNER)\b/g));
    const services = (await readSettings(ROOT)).filter(({ service }) => isDeployed(service));
    const names = services.flatMap(({ settings }) => settings.map((setting) => setting.name));
    expect(names.filter((name) => !known.has(name) && !OF_ONE_MACHINE.has(name))).to.deep.equal([]);
    expect([...known].filter((name) => !names.includes(name))).to.deep.equal([]);
  });

  it("uses the Secret it is given, and then makes none", () => {
    const chart = variant("values-production.yaml");
    expect(chart.of("Secret")).to.deep.equal([]);
    const names = SERVICES.flatMap((service) => environmentOf(chart, service)).flatMap(
      ({ valueFrom }) => valueFrom?.secretKeyRef.name ?? [],
    );
    expect(new Set(names)).to.deep.equal(new Set(["peerbot-secrets"]));
  });

  it("keeps the bundled Redis on disk and from evicting", () => {
    const chart = variant("values-local.yaml");
    expect(chart.one("ConfigMap", "-redis").data["redis.conf"]).to.match(
      /appendonly yes[\s\S]*maxmemory-policy noeviction/,
    );
    expect(chart.one("StatefulSet", "-redis").spec.volumeClaimTemplates).to.have.length(1);
    expect(variant("values-production.yaml").of("StatefulSet")).to.deep.equal([]);
  });

  it("asks for metrics that services have, in alerts, dashboard and scaler", async () => {
    const sources: string[] = [];
    for await (const file of glob("services/*/src/**/metrics.ts", { cwd: ROOT }))
      sources.push(await readFile(join(ROOT, file), "utf8"));
    const known = new Set(sources.join().match(/\bpeerbot_[a-z_]+/g));
    const chart = variant("everything switched on");
    const asking = [...chart.of("PrometheusRule"), ...chart.of("ScaledObject"), chart.one("ConfigMap", "-dashboard")];
    const asked = new Set(
      JSON.stringify(asking)
        .match(/\bpeerbot_[a-z_]+/g)
        ?.map((metric) => metric.replace(/_bucket$/, "")),
    );
    expect(asked.size).to.be.greaterThan(8);
    expect([...asked].filter((metric) => !known.has(metric))).to.deep.equal([]);
    const dashboard = JSON.parse(chart.one("ConfigMap", "-dashboard").data["peerbot.json"]);
    expect(dashboard.panels.length).to.be.greaterThan(8);
  });

  for (const [what, set, words] of [
    ["no organization", { ...CREDENTIALS, "settings.GITHUB_ORGANIZATION": "" }, /GITHUB_ORGANIZATION is missing/],
    ["no place for conversations", CREDENTIALS, /gateway\.conversations\.bucket or gateway\.conversations\.volume/],
    [
      "no Slack token",
      { ...CREDENTIALS, "gateway.conversations.bucket": "b", "secrets.SLACK_BOT_TOKEN": "" },
      /secrets\.SLACK_BOT_TOKEN is missing/,
    ],
    [
      "workers among the services",
      { ...CREDENTIALS, "gateway.conversations.bucket": "b", "worker.namespace": "peerbot" },
      /worker\.namespace must not/,
    ],
    [
      "a setting nobody reads",
      { ...CREDENTIALS, "gateway.conversations.bucket": "b", "gateway.settings.MODLE": "x" },
      /gateway does not read this variable/,
    ],
    ["a misspelt value", { ...CREDENTIALS, "gateway.conversations.bucket": "b", "launcher.replica": "3" }, /replica/],
    [
      "a size that is none",
      { ...CREDENTIALS, "gateway.conversations.bucket": "b", "worker.defaultSize": "huge" },
      /defaultSize/,
    ],
  ] as const) {
    it(`says what is wrong with ${what}`, async () => {
      const refusal = await renderChart(tools.helm, { set }).catch((error: unknown) => error);
      expect(refusal).to.be.an("error").with.property("message").that.matches(words);
    });
  }
});

function isDeployed(service: string): service is (typeof SERVICES)[number] {
  return (SERVICES as readonly string[]).includes(service);
}

function mostReplicas(chart: Rendered, service: string): number {
  const scaled = [...chart.of("HorizontalPodAutoscaler"), ...chart.of("ScaledObject")].find(({ spec }) =>
    spec.scaleTargetRef.name.endsWith(`-${service}`),
  );
  const { spec } = chart.one("Deployment", `-${service}`);
  return scaled?.spec.maxReplicas ?? scaled?.spec.maxReplicaCount ?? spec.replicas;
}

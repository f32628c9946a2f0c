import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { load } from "js-yaml";
import { z } from "zod";
import { CONTAINER_NAMES } from "../compose/plan-settings.ts";
import { readSettings } from "../settings/read-settings.ts";
import { COMPOSE_FILE, type ComposeFile, type ComposeService, readComposeFile } from "./compose-file.ts";
import { lastOf, readStages } from "./dockerfile.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const NEEDS_REDIS = ["ingress", "launcher", "gateway", "streamer"];

describe("docker-compose.yml", () => {
  let file: ComposeFile;
  const service = (name: string): ComposeService => {
    const found = file.services[name];
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  };
  const everyService = () => Object.entries(file.services);
  const membersOf = (network: string) =>
    everyService().flatMap(([name, { networks }]) => (networks.includes(network) ? [name] : []));
  before(async () => {
    file = await readComposeFile();
  });

  it("is what Docker Compose takes for a file of its kind", async function () {
    this.timeout(20_000);
    const isThere = await run("docker", ["compose", "version"]).catch(() => undefined);
    if (isThere === undefined) this.skip();
    await run("docker", ["compose", "--file", COMPOSE_FILE, "--profile", "monitoring", "config", "--quiet"]);
  });

  it("builds every image of ours from a target of the Dockerfile, named as in the chart", async () => {
    const stages = await readStages();
    for (const [name, { build, image }] of everyService()) {
      if (build === undefined) continue;
      expect([...stages.keys()], name).to.include(build.target);
      expect(image).to.equal(`\${PEERBOT_IMAGE:-peerbot}-${build.target}:\${PEERBOT_TAG:-local}`);
    }
    const built = everyService().map(([, { build }]) => build?.target);
    expect(built).to.include.members([...CONTAINER_NAMES, "worker", "settings"]);
  });

  it("opens ports to this machine alone", () => {
    const ports = everyService().flatMap(([, service]) => service.ports);
    expect(ports.length).to.be.greaterThan(3);
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:/);
  });

  it("lets any number of launchers run", () => {
    const { ports, container_name: name } = service("launcher");
    expect(name).to.equal(undefined);
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1::\d+$/);
  });

  it("takes every right from every container", () => {
    for (const [name, { read_only, cap_drop, cap_add, security_opt, privileged }] of everyService()) {
      expect({ read_only, cap_drop, cap_add, security_opt, privileged }, name).to.deep.equal({
        read_only: true,
        cap_drop: ["ALL"],
        cap_add: [],
        security_opt: ["no-new-privileges:true"],
        privileged: false,
      });
    }
  });

  it("gives Docker's socket to the proxy alone, and the proxy to those who start and end workers alone", () => {
    const withSocket = everyService().filter(([, { volumes }]) =>
      volumes.some((volume) => /docker\.sock/.test(volume)),
    );
    expect(withSocket.map(([name]) => name)).to.deep.equal(["docker-proxy"]);
    expect(membersOf("docker")).to.have.members(["docker-proxy", "launcher", "caretaker"]);
    expect(service("docker-proxy").networks).to.deep.equal(["docker"]);
    expect(file.networks.docker).to.deep.equal({ internal: true });
    for (const name of ["launcher", "caretaker"]) {
      expect(service(name).environment).to.include({ RUNNER: "docker", DOCKER_HOST: "tcp://docker-proxy:2375" });
    }
  });

  it("lets only those reach Redis who keep something there", () => {
    expect(membersOf("redis")).to.have.members(["redis", "caretaker", ...NEEDS_REDIS]);
    expect(service("redis").networks).to.deep.equal(["redis"]);
    expect(file.networks.redis).to.deep.equal({ internal: true });
  });

  it("lets workers find the gateway, but not its metrics", () => {
    const { labels, environment } = service("gateway");
    const { DOCKER_INSTANCE: instance } = service("launcher").environment;
    expect(labels).to.deep.equal({ "claude.ai/role": "gateway", "claude.ai/instance": instance });
    expect(instance).to.match(/^.\{COMPOSE_PROJECT_NAME\}$/);
    expect(environment.INTERNAL_HOST).to.equal("gateway-internal");
    expect(file.networks.metrics).to.deep.equal({ internal: true });
  });

  it("keeps what Redis holds on disk, evicts nothing and knows when it is ready", () => {
    const { command, volumes, healthcheck } = service("redis");
    expect(command).to.include.members(["--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"]);
    expect(volumes).to.deep.equal(["redis:/data"]);
    expect(healthcheck?.test?.join(" ")).to.include("redis-cli ping");
  });

  it("starts each thing once what it needs is there, and again when its settings changed", () => {
    for (const name of NEEDS_REDIS) {
      expect(service(name).depends_on, name).to.deep.include({
        settings: { condition: "service_completed_successfully", restart: true },
        redis: { condition: "service_healthy" },
        sandbox: { condition: "service_healthy" },
      });
    }
    expect(service("launcher").depends_on).to.deep.include({
      "docker-proxy": { condition: "service_healthy" },
      "worker-image": { condition: "service_completed_successfully" },
    });
  });

  it("waits only for the health of what has a health check", async () => {
    const stages = await readStages();
    for (const [name, { depends_on: needs }] of everyService()) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        if (condition !== "service_healthy") continue;
        const { healthcheck, build } = service(needed);
        const own = healthcheck?.disable === true ? undefined : healthcheck?.test;
        const check = own?.join(" ") ?? lastOf(stages, build?.target ?? "", "HEALTHCHECK") ?? "NONE";
        expect(check, `${name} waits for ${needed}`).not.to.equal("NONE");
      }
    }
  });

  it("stops launchers first, then lets the caretaker end the workers, who still need the gateway", () => {
    expect(service("launcher").depends_on).to.have.property("caretaker");
    expect(service("caretaker").depends_on).to.include.keys("gateway", "streamer", "redis", "docker-proxy");
    expect(service("caretaker").command?.at(-1)).to.equal("caretaker");
  });

  it("has no credential in it, and hands .env to the container alone that sorts it out", async () => {
    const given = everyService().filter(([, { env_file }]) => env_file.length > 0);
    expect(given.map(([name, { network_mode }]) => [name, network_mode])).to.deep.equal([["settings", "none"]]);
    const all = await readSettings(ROOT);
    const secrets = all.flatMap(({ settings }) => settings.filter(({ isSecret }) => isSecret).map(({ name }) => name));
    for (const [name, { environment }] of everyService()) {
      expect(
        Object.keys(environment).filter((variable) => secrets.includes(variable)),
        name,
      ).to.deep.equal([]);
    }
  });

  it("gives each service a file of settings of its own, and tells it otherwise only what it reads", async () => {
    const all = await readSettings(ROOT);
    for (const name of CONTAINER_NAMES) {
      const { volumes, command, environment } = service(name);
      expect(volumes, name).to.include(`settings-${name}:/settings:ro`);
      expect(volumes.filter((volume) => /:\/settings|secrets:/.test(volume))).to.have.length(1);
      expect(command).to.deep.equal(["node", "--env-file=/settings/env", `services/${name}/src/main.ts`]);
      const known = all.find(({ service }) => service === name)?.settings.map((setting) => setting.name);
      expect(known, name).to.include.members(Object.keys(environment));
    }
  });

  it("names every volume and network it uses", () => {
    const named = everyService().flatMap(([, { volumes }]) => volumes.filter((volume) => /^[a-z]/.test(volume)));
    expect(Object.keys(file.volumes)).to.have.members([...new Set(named.map((volume) => volume.split(":")[0]))]);
    const networks = new Set(everyService().flatMap(([, service]) => service.networks));
    expect(Object.keys(file.networks)).to.have.members([...networks]);
  });
});

describe("monitoring beside docker compose", () => {
  let file: ComposeFile;
  before(async () => {
    file = await readComposeFile();
  });

  it("runs only when asked for", () => {
    const asked = Object.entries(file.services).filter(([, { profiles }]) => profiles.includes("monitoring"));
    expect(asked.map(([name]) => name)).to.have.members(["prometheus", "grafana"]);
  });

  it("mounts files that are there, the dashboard and the alerts from the chart", async () => {
    const mounts = ["prometheus", "grafana"].flatMap((name) => file.services[name]?.volumes ?? []);
    const sources = mounts.map((mount) => mount.split(":")[0] ?? "").filter((source) => source.startsWith("./"));
    expect(sources).to.include.members(["./k8s/charts/peerbot/alerts.yaml", "./k8s/charts/peerbot/dashboards"]);
    for (const mount of mounts.filter((one) => one.startsWith("./"))) expect(mount).to.match(/:ro$/);
    await readFile(join(ROOT, "k8s/charts/peerbot/dashboards/peerbot.json"));
  });

  it("asks every service for its metrics, by names they have", async () => {
    const { scrape_configs: jobs } = z
      .object({
        scrape_configs: z.array(
          z.object({ dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.literal(9090) })) }),
        ),
      })
      .parse(load(await readFile(join(ROOT, "docker/monitoring/prometheus.yml"), "utf8")));
    const names = jobs.flatMap(({ dns_sd_configs: places }) => places.flatMap((place) => place.names));
    expect(names.map((name) => name.replace("-internal", ""))).to.have.members(NEEDS_REDIS);
    for (const name of NEEDS_REDIS) expect(file.services[name]?.networks, name).to.include("metrics");
    expect(file.services.prometheus?.networks).to.include("metrics");
  });

  it("gives Grafana the data source and the folder its dashboard asks for", async () => {
    const read = async (path: string) => load(await readFile(join(ROOT, "docker/monitoring/grafana", path), "utf8"));
    const { datasources } = z
      .object({ datasources: z.tuple([z.object({ type: z.string(), url: z.string(), isDefault: z.boolean() })]) })
      .parse(await read("datasources/prometheus.yml"));
    expect(datasources[0]).to.deep.equal({ type: "prometheus", url: "http://prometheus:9090", isDefault: true });
    const { providers } = z
      .object({ providers: z.tuple([z.object({ options: z.object({ path: z.string() }) })]) })
      .parse(await read("dashboards/peerbot.yml"));
    expect(file.services.grafana?.volumes.join()).to.include(`:${providers[0].options.path}:ro`);
  });

  it("passes promtool", async function () {
    this.timeout(20_000);
    const isThere = await run("promtool", ["--version"]).catch(() => undefined);
    if (isThere === undefined) this.skip();
    const folder = await mkdtemp(join(tmpdir(), "peerbot-prometheus-"));
    try {
      const config = await readFile(join(ROOT, "docker/monitoring/prometheus.yml"), "utf8");
      const alerts = join(ROOT, "k8s/charts/peerbot/alerts.yaml");
      await writeFile(join(folder, "prometheus.yml"), config.replace("/etc/prometheus/alerts.yaml", alerts));
      await run("promtool", ["check", "config", "--lint=all", "--lint-fatal", join(folder, "prometheus.yml")]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

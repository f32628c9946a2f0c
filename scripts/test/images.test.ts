import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { z } from "zod";
import { defaultOf, labelsOf, lastOf, readStages, type Stage } from "./dockerfile.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string) => readFile(join(ROOT, file), "utf8");
const manifest = async (file: string) =>
  z
    .object({
      version: z.string(),
      description: z.string(),
      devDependencies: z.record(z.string(), z.string()).optional(),
    })
    .parse(JSON.parse(await read(file)));

describe("the Dockerfile", () => {
  let stages: ReadonlyMap<string, Stage>;
  const services: string[] = [];
  before(async () => {
    stages = await readStages();
    for await (const file of glob("services/*/src/main.ts", { cwd: ROOT })) services.push(file.split("/")[1] ?? "");
  });

  const copiesOf = (target: string) => stages.get(target)?.instructions.filter(({ name }) => name === "COPY") ?? [];

  it("has a target for every service", () => {
    expect(services).to.have.length.greaterThan(5);
    expect([...stages.keys()]).to.include.members(services);
  });

  it("takes no BuildKit", async () => {
    const source = await read("Dockerfile");
    expect(source).not.to.match(/^#\s*(syntax|escape|check)=/im);
    expect(source).not.to.match(/^(RUN|COPY|ADD)\s+--(mount|network|security|link|parents|exclude|chmod)/m);
    expect(source).not.to.match(/<</);
  });

  it("lets every image run as user 1000, with a word on its health and a program that signals reach", () => {
    for (const target of [...services, "settings"]) {
      expect(lastOf(stages, target, "USER"), target).to.equal("1000");
      expect(lastOf(stages, target, "HEALTHCHECK"), target).to.be.a("string");
      for (const name of ["CMD", "ENTRYPOINT"]) {
        expect(lastOf(stages, target, name) ?? "[]", `${name} of ${target}`).to.match(/^\[.*\]$/);
      }
      if (target !== "settings") expect(lastOf(stages, target, "CMD")).to.include(`services/${target}/src/main.ts`);
    }
  });

  it("asks the health of services without a program that the image does not have", () => {
    for (const target of services.filter((name) => name !== "worker")) {
      expect(lastOf(stages, target, "HEALTHCHECK"), target).to.match(/CMD \["node", "docker\/healthcheck.mjs"/);
    }
    expect(lastOf(stages, "worker", "HEALTHCHECK")).to.equal("NONE");
    expect(lastOf(stages, "worker", "ENTRYPOINT")).to.equal('["tini", "-s", "--"]');
  });

  it("copies of the sources what a service needs, and installs its dependencies from manifests alone", () => {
    for (const target of services) {
      const copies = copiesOf(target === "worker" ? "worker-program" : target);
      expect(copies.map(({ value }) => value)).to.deep.equal([
        `--from=${target}-dependencies /app ./`,
        "libs libs",
        `services/${target} services/${target}`,
      ]);
      const [install, ...others] = stages.get(`${target}-dependencies`)?.instructions ?? [];
      expect(stages.get(`${target}-dependencies`)?.base).to.equal("dependencies");
      expect(install?.value)
        .to.match(/^npm ci --omit=dev /)
        .and.include(`--workspace @peerbot/${target}`);
      expect(others).to.deep.equal([]);
      // Claude Code's binary is an optional dependency.
      expect(install?.value.includes("--omit=optional"), target).to.equal(target !== "worker");
    }
  });

  it("lets a worker find its program compiled, for its own user and its own paths, where no run can change it", () => {
    const [base, made] = [stages.get("worker"), stages.get("worker-compiled")].map((stage) => stage?.base);
    expect([base, made]).to.deep.equal(["worker-program", "worker-program"]);
    const [compile, ...others] = stages.get("worker-compiled")?.instructions ?? [];
    expect(compile?.value).to.match(
      /^NODE_COMPILE_CACHE=\/tmp\/compiled node services\/worker\/src\/main\.ts --load && chmod -R a\+rX,a-w \/tmp\/compiled$/,
    );
    expect(others).to.deep.equal([]);
    expect(lastOf(stages, "worker-compiled", "USER")).to.equal("1000");
    expect(copiesOf("worker").map(({ value }) => value)).to.deep.equal([
      "--from=worker-compiled --chown=0:0 /tmp/compiled compiled",
    ]);
    expect(lastOf(stages, "worker", "WORKDIR")).to.equal("/app");
    expect(lastOf(stages, "worker", "ENV")?.split(" ")).to.include("NODE_COMPILE_CACHE=/app/compiled");
  });

  it("says of every image what it is, in the words and with the version of its package", async () => {
    const { version } = await manifest("package.json");
    expect(await defaultOf("VERSION")).to.equal(version);
    expect(await defaultOf("REVISION")).to.equal('""');
    for (const target of services) {
      const labels = labelsOf(stages, target);
      const of = (name: string) => labels.get(`org.opencontainers.image.${name}`);
      expect(of("title")).to.equal(`Peerbot ${target}`);
      const { description } = await manifest(`services/${target}/package.json`);
      expect(of("description")?.startsWith(description), target).to.equal(true);
      expect([of("version"), of("revision")], target).to.deep.equal(
        ["VERSION", "REVISION"].map((name) => `\${${name}}`),
      );
    }
  });

  it("declares the arguments of its labels in the stages that set them: they are empty otherwise", () => {
    for (const [stage, { instructions }] of stages) {
      const labels = instructions.filter(({ name }) => name === "LABEL").map(({ value }) => value);
      for (const [, argument] of labels.join(" ").matchAll(/\$\{(\w+)\}/g)) {
        expect(instructions, stage).to.deep.include({ name: "ARG", value: argument });
      }
    }
  });

  it("is based on the Node this project is pinned to", async () => {
    const { devDependencies } = await manifest("package.json");
    const source = await read("Dockerfile");
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-bookworm-slim$/m.exec(source) ?? [];
    expect(devDependencies?.node).to.match(new RegExp(`^${major}\\.`));
  });

  it("is given only what images are made of", async () => {
    const [first, ...rules] = (await read(".dockerignore")).split("\n").filter((line) => !/^(#|$)/.test(line));
    expect(first).to.equal("*");
    expect(rules).to.include.members(["**/node_modules", "**/.env*", "**/test"]);
    const taken = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
    expect(taken).not.to.include.members([".env"]);
    expect(taken.filter((path) => /^(\.|k8s|docs)/.test(path))).to.deep.equal([]);
  });
});

describe("skaffold.yaml", () => {
  const Skaffold = z.strictObject({
    apiVersion: z.literal("skaffold/v4beta13"),
    kind: z.literal("Config"),
    metadata: z.strictObject({ name: z.string() }),
    build: z.strictObject({
      tagPolicy: z.strictObject({ inputDigest: z.strictObject({}) }),
      local: z.strictObject({ useBuildkit: z.boolean() }),
      artifacts: z.array(
        z.strictObject({
          image: z.string(),
          docker: z.strictObject({ dockerfile: z.literal("Dockerfile"), target: z.string() }),
        }),
      ),
    }),
    deploy: z.strictObject({
      helm: z.strictObject({
        releases: z.tuple([
          z.strictObject({
            name: z.string(),
            chartPath: z.literal("k8s/charts/peerbot"),
            namespace: z.string(),
            createNamespace: z.boolean(),
            valuesFiles: z.array(z.string()),
            setValueTemplates: z.record(z.string(), z.string()),
          }),
        ]),
      }),
    }),
    portForward: z.array(
      z.strictObject({
        resourceType: z.literal("deployment"),
        resourceName: z.string(),
        namespace: z.string(),
        port: z.int(),
        localPort: z.int(),
      }),
    ),
  });
  let skaffold: z.infer<typeof Skaffold>;
  before(async () => {
    skaffold = Skaffold.parse(load(await read("skaffold.yaml")));
  });

  it("builds targets of the Dockerfile, all that the chart deploys", async () => {
    const stages = await readStages();
    const chart = load(await read("k8s/charts/peerbot/values.yaml")) as Record<string, { image?: unknown }>;
    const deployed = Object.keys(chart).filter((name) => chart[name]?.image === "");
    const targets = skaffold.build.artifacts.map(({ docker }) => docker.target);
    expect(targets).to.have.members(deployed);
    expect([...stages.keys()]).to.include.members(targets);
    for (const { image, docker } of skaffold.build.artifacts) expect(image).to.equal(`peerbot-${docker.target}`);
  });

  it("tells the chart each image it built", () => {
    const [release] = skaffold.deploy.helm.releases;
    expect(release.setValueTemplates).to.deep.equal(
      Object.fromEntries(
        skaffold.build.artifacts.map(({ image, docker }) => [
          `${docker.target}.image`,
          `{{.IMAGE_FULLY_QUALIFIED_${image.replaceAll("-", "_")}}}`,
        ]),
      ),
    );
  });

  it("installs with the values for one node, and those that git must never see", async () => {
    const [{ valuesFiles, namespace, name }] = skaffold.deploy.helm.releases;
    expect(valuesFiles).to.deep.equal(["k8s/charts/peerbot/values-local.yaml", "k8s/values-mine.yaml"]);
    await read("k8s/charts/peerbot/values-local.yaml");
    expect((await read(".gitignore")).split("\n")).to.include("k8s/values-mine.yaml");
    for (const forward of skaffold.portForward) {
      expect(forward).to.include({ namespace, resourceName: `${name}-launcher`, port: 9090 });
    }
  });
});

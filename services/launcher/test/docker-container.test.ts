import { RunOptionsConfig } from "@peerbot/contracts";
import { loadConfig, Secret, WorkConfig } from "@peerbot/runtime";
import { expect } from "chai";
import { z } from "zod";
import { dindContainerOf } from "../src/runner/docker/dind-container.ts";
import { DockerConfig } from "../src/runner/docker/docker-config.ts";
import { settingsOf } from "../src/runner/docker/open-docker-runner.ts";
import { runNetworkOf } from "../src/runner/docker/run-network.ts";
import { subnetsFor } from "../src/runner/docker/subnets.ts";
import { workerContainerOf } from "../src/runner/docker/worker-container.ts";
import { DockerInDockerConfig } from "../src/runner/docker-in-docker-config.ts";
import type { RunSpec } from "../src/runner/session-runner.ts";
import { aRun } from "./runner-conformance.ts";

const Config = z.object({
  ...DockerConfig.shape,
  ...DockerInDockerConfig.shape,
  ...RunOptionsConfig.shape,
  ...WorkConfig.shape,
});
const NETWORK = { id: "0123abcd", hostAddress: "10.213.0.1" };
const GIB = 2 ** 30;

function settings(environment: Record<string, string> = {}) {
  return settingsOf(loadConfig(Config, { WORKER_IMAGE: "peerbot/worker:1", STOP_GRACE_SECONDS: "45", ...environment }));
}

function worker(environment: Record<string, string> = {}, run: Partial<RunSpec> = {}) {
  const spec = aRun({ gatewayUrl: "http://gateway:3200", ...run });
  const made = workerContainerOf(spec, settings(environment), { network: NETWORK, command: ["node", "main.ts"] });
  return { made, host: made.HostConfig ?? {}, run: spec };
}

describe("The container of a run", () => {
  it("carries the run's name, its session, its person, its epoch and whose it is", () => {
    const { made, run } = worker({ DOCKER_INSTANCE: "here" }, { userId: "U1ADA", epoch: 7 });
    expect(made.name).to.equal(run.name);
    expect(made.Labels).to.include({
      "claude.ai/instance": "here",
      "claude.ai/role": "worker",
      "claude.ai/run": run.name,
      "claude.ai/session-key": run.sessionKey,
      "claude.ai/user-id": "U1ADA",
      "claude.ai/epoch": "7",
    });
  });

  it("may do next to nothing on its machine", () => {
    const { made, host } = worker();
    expect(made.User).to.equal("1000:1000");
    expect(host).to.deep.include({
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      RestartPolicy: { Name: "no" },
      Init: true,
      PidsLimit: 2_048,
      NetworkMode: NETWORK.id,
    });
    expect(host).not.to.have.any.keys("Binds", "CapAdd", "Devices", "PidMode", "IpcMode", "UsernsMode");
    expect(host.LogConfig?.Config).to.deep.equal({ "max-size": "10m", "max-file": "2" });
  });

  for (const [environment, run, expected] of [
    [{}, {}, { NanoCpus: 2e9, Memory: 4 * GIB, MemorySwap: 4 * GIB }],
    [{}, { size: "small" }, { NanoCpus: 1e9, Memory: 2 * GIB, MemorySwap: 2 * GIB }],
    [
      { WORKER_SIZES: "small=0.1:0.25,standard=0.5:1,large=1:2", WORKER_SIZE: "small" },
      {},
      { NanoCpus: 1e8, Memory: GIB / 4, MemorySwap: GIB / 4 },
    ],
  ] as const) {
    it(`may use ${JSON.stringify(expected)} with ${JSON.stringify({ ...environment, ...run })}`, () => {
      expect(worker(environment, run).host).to.include(expected);
    });
  }

  it("shows its start token nowhere", () => {
    const { made } = worker({}, { startToken: new Secret("the-token") });
    expect(JSON.stringify(made)).not.to.include("the-token");
  });

  it("writes to one volume of its own and to /tmp, both limited as far as the engine can", () => {
    const { host, run } = worker({ DOCKER_WORKSPACE_GIB: "10", DOCKER_TMP_MIB: "64" });
    expect(host.Mounts).to.have.lengthOf(1);
    expect(host.Mounts?.[0]).to.include({ Type: "volume", Source: run.name, Target: "/workspace" });
    expect(host.Mounts?.[0]?.VolumeOptions?.DriverConfig).to.deep.equal({ Name: "local", Options: { size: "10g" } });
    expect(Object.keys(host.Tmpfs ?? {})).to.deep.equal(["/tmp"]);
    expect(host.Tmpfs?.["/tmp"]).to.include("size=64m");
  });

  it("is told of a Docker daemon only when it has one", () => {
    expect(worker().made.Env?.join()).not.to.include("DOCKER_HOST");
    expect(worker({ DOCKER_IN_DOCKER: "rootless" }, { docker: true }).made.Env).to.include(
      "DOCKER_HOST=tcp://docker:2375",
    );
  });
});

describe("The Docker daemon of a run", () => {
  function dind(mode: "rootless" | "privileged", run = aRun()) {
    const made = settings({ DOCKER_IN_DOCKER_LIMITS: "1:2" });
    const dockerInDocker = { ...made.dockerInDocker, mode };
    return dindContainerOf(run, { ...made, dockerInDocker }, NETWORK);
  }

  it("has the run's network, limits of its own, and nothing of the machine's own Docker", () => {
    for (const mode of ["rootless", "privileged"] as const) {
      const { HostConfig: host, Labels } = dind(mode);
      expect(host).to.include({ NetworkMode: NETWORK.id, NanoCpus: 1e9, Memory: 2 * GIB, MemorySwap: 2 * GIB });
      expect(Labels).to.include({ "claude.ai/role": "docker" });
      expect(JSON.stringify(dind(mode))).not.to.include("docker.sock");
      expect(host).not.to.have.any.keys("Binds", "PidMode", "IpcMode");
    }
  });

  it("sees what its worker works on, at the same place in the same volume, and nothing else but its own data", () => {
    for (const mode of ["rootless", "privileged"] as const) {
      const run = aRun();
      const mounts = dind(mode, run).HostConfig?.Mounts ?? [];
      expect(mounts).to.have.lengthOf(2);
      expect(mounts[0]).to.include({ Type: "volume", Source: `${run.name}-docker` });
      expect(mounts[1]).to.deep.equal(
        workerContainerOf(run, settings(), { network: NETWORK, command: [] }).HostConfig?.Mounts?.[0],
      );
    }
  });

  it("is privileged only where the operator said so", () => {
    expect(dind("privileged").HostConfig).to.include({ Privileged: true });
    expect(dind("rootless").HostConfig).to.include({ Privileged: false });
  });
});

describe("The network of a run", () => {
  const network = (environment: Record<string, string>) =>
    runNetworkOf(aRun(), settings(environment), "10.213.0.16/28");

  it("leads nowhere, not even to the engine's machine", () => {
    expect(network({})).to.deep.include({
      Internal: true,
      Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
    });
  });

  it("leads out where the operator said so", () => {
    expect(network({ DOCKER_INTERNET: "true" })).to.deep.include({ Internal: false, Options: {} });
  });

  it("leads to the engine's machine, and no further, where the gateway runs there", () => {
    expect(network({ DOCKER_GATEWAY: "host" })).to.deep.include({ Internal: true, Options: {} });
  });
});

describe("The addresses of runs", () => {
  const pool = (text: string) => loadConfig(DockerConfig, { DOCKER_SUBNETS: text }).DOCKER_SUBNETS;

  it("are tried once each, by everybody who starts the same run in the same order", () => {
    const tried = [...subnetsFor("a-run", pool("10.9.1.0/26"))];
    expect(tried.toSorted()).to.deep.equal(["10.9.1.0/28", "10.9.1.16/28", "10.9.1.32/28", "10.9.1.48/28"]);
    expect([...subnetsFor("a-run", pool("10.9.1.0/26"))]).to.deep.equal(tried);
  });

  for (const text of ["8.8.8.0/24", "10.0.0.0/29", "10.0.0.5/24", "172.15.0.0/16", "10.300.0.0/16", "peerbot"]) {
    it(`are refused as ${text}`, () => {
      expect(() => pool(text)).to.throw(/DOCKER_SUBNETS: must be a private network such as 10.213.0.0\/16/);
    });
  }
});

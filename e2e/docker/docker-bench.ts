import { randomBytes } from "node:crypto";
import { RunOptionsConfig } from "@peerbot/contracts";
import { createLogger, type Logger, loadConfig, Secret, WorkConfig } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import type { Container, ContainerInspectInfo } from "dockerode";
import { z } from "zod";
import { DockerConfig } from "../../services/launcher/src/runner/docker/docker-config.ts";
import { openDockerRunner } from "../../services/launcher/src/runner/docker/open-docker-runner.ts";
import { DockerInDockerConfig } from "../../services/launcher/src/runner/docker-in-docker-config.ts";
import type { SessionRunner } from "../../services/launcher/src/runner/session-runner.ts";
import { addressOn, dockerAt } from "./engine-under-test.ts";
import { baseImage, imageOf } from "./test-image.ts";

const silent: Pick<Logger, "warn"> = createLogger({ service: "launcher", level: "fatal" });
const Config = z.object({
  ...DockerConfig.shape,
  ...DockerInDockerConfig.shape,
  ...RunOptionsConfig.shape,
  ...WorkConfig.shape,
});

/** What stands in for the gateway's container: hands every connection on to a port of this machine. */
const RELAY = `
const net = require("node:net");
net.createServer((worker) => {
  const gateway = net.connect(Number(process.argv[2]), process.argv[1]);
  worker.pipe(gateway).pipe(worker);
  for (const socket of [worker, gateway]) socket.on("error", () => { worker.destroy(); gateway.destroy(); });
}).listen(3200);`;

/** One installation on an engine, for one test. */
export async function openDockerBench(address: string, { scripts = [] }: { scripts?: readonly string[] } = {}) {
  const docker = dockerAt(address);
  const instance = `test-${randomBytes(5).toString("hex")}`;
  const base = await baseImage(docker);
  const images = new Map<string, string>();
  for (const script of scripts) images.set(script, await imageOf(docker, script));
  const outside = await docker.createNetwork({
    Name: `${instance}-outside`,
    Labels: { "claude.ai/instance": instance },
  });
  const host = await addressOn(outside);
  const runners = new AsyncDisposableStack();
  const gateways: Container[] = [];

  return {
    address,
    docker,
    instance,
    base,
    host,
    outside,
    gateways,
    imageOf: (script: string): string => images.get(script) ?? "",
    /** A container as whoever deploys the gateway starts it. */
    async startGateway(command: readonly string[]): Promise<Container> {
      const container = await docker.createContainer({
        Image: base,
        Cmd: [...command],
        Labels: { "claude.ai/role": "gateway", "claude.ai/instance": instance },
        HostConfig: { NetworkMode: outside.id, Sysctls: { "net.ipv4.ip_forward": "0" }, Init: true },
      });
      gateways.push(container);
      await container.start();
      return container;
    },
    /** Where workers find what listens on a port of this machine. */
    async urlOf(port: number): Promise<string> {
      await this.startGateway(["node", "-e", RELAY, host, String(port)]);
      return "http://gateway:3200";
    },
    /** Before a runner for it is made. */
    async prepare(script: string): Promise<void> {
      images.set(script, await imageOf(docker, script));
    },
    /** Something that looks like a start token. */
    tokenLike: () => new Secret("eyJhbGciOi.eyJleHAi.c2lnbmF0dXJl"),
    /** `settings` are environment variables. */
    createRunner(script: string, settings: Record<string, string> = {}, logger = silent): SessionRunner {
      const config = loadConfig(Config, {
        DOCKER_HOST: address,
        DOCKER_INSTANCE: instance,
        WORKER_IMAGE: images.get(script) ?? "peerbot-test-worker:nobody-made-it",
        WORKER_IMAGE_PULL_POLICY: "Never",
        WORKER_SIZES: "small=0.5:0.25,standard=1:0.5,large=2:1",
        STOP_GRACE_SECONDS: "1",
        ...settings,
      });
      return runners.use(openDockerRunner(config, logger));
    },
    inspect: (name: string): Promise<ContainerInspectInfo> => docker.getContainer(name).inspect(),
    async [Symbol.asyncDispose](): Promise<void> {
      await runners.disposeAsync();
      const filters = { label: [`claude.ai/instance=${instance}`] };
      // An engine refuses the list while it is removing one of them.
      const list = () => docker.listContainers({ all: true, filters });
      for (const { Id } of await until(list, { what: "the list of what is left", everyMs: 100 })) {
        await docker
          .getContainer(Id)
          .remove({ force: true, v: true })
          .catch(() => undefined); // gone by itself
      }
      for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
      const { Volumes } = await docker.listVolumes({ filters });
      for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove({ force: true });
    },
  };
}

export type DockerBench = Awaited<ReturnType<typeof openDockerBench>>;

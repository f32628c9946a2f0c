import { join } from "node:path";
import { RunOptionsConfig } from "@peerbot/contracts";
import { createLogger, loadConfig, WorkConfig } from "@peerbot/runtime";
import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { z } from "zod";
import { compose } from "../../services/docker-proxy/src/compose.ts";
import { DockerProxyConfig } from "../../services/docker-proxy/src/config.ts";
import { DockerConfig } from "../../services/launcher/src/runner/docker/docker-config.ts";
import { openDockerRunner } from "../../services/launcher/src/runner/docker/open-docker-runner.ts";
import { DockerInDockerConfig } from "../../services/launcher/src/runner/docker-in-docker-config.ts";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import { playEngine } from "./played-engine.ts";

const LauncherConfig = z.object({
  ...DockerConfig.shape,
  ...DockerInDockerConfig.shape,
  ...RunOptionsConfig.shape,
  ...WorkConfig.shape,
});
const Made = z.object({ HostConfig: z.object({ Mounts: z.array(z.record(z.string(), z.unknown())) }) });
const silent = createLogger({ service: "launcher", level: "fatal" });

describe("A run with a Docker daemon of its own", () => {
  for (const mode of ["rootless", "privileged"] as const) {
    for (const settings of [{}, { DOCKER_WORKSPACE_GIB: "10" }]) {
      const what = `${mode}${"DOCKER_WORKSPACE_GIB" in settings ? ", with a limit for the workspace" : ""}`;
      it(`is allowed by the proxy as the launcher makes it, and leaves nothing (${what})`, async () => {
        await using stack = new AsyncDisposableStack();
        const folder = stack.use(await temporaryFolder());
        const socket = join(folder.path, "engine.sock");
        const engine = stack.use(await playEngine(socket));
        const shared = { WORKER_IMAGE: "peerbot/worker:1", DOCKER_IN_DOCKER: mode };
        const places = { DOCKER_SOCKET: socket, DOCKER_PROXY_HOST: "127.0.0.1", INTERNAL_HOST: "127.0.0.1" };
        const ports = { DOCKER_PROXY_PORT: "0", INTERNAL_PORT: "0" };
        const proxy = stack.use(
          await compose(loadConfig(DockerProxyConfig, { ...shared, ...places, ...ports }), silent),
        );
        const address = { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}`, STOP_GRACE_SECONDS: "30" };
        const runner = stack.use(
          openDockerRunner(loadConfig(LauncherConfig, { ...shared, ...address, ...settings }), silent),
        );
        const run = aRun({ docker: true });

        expect(await runner.start(run)).to.equal("started");
        expect(engine.names("containers")).to.deep.equal([run.name, `${run.name}-docker`]);
        expect(engine.names("volumes")).to.deep.equal([run.name, `${run.name}-docker`]);
        const mountsOf = (name: string) => Made.parse(engine.made(name)).HostConfig.Mounts;
        expect(mountsOf(`${run.name}-docker`)).to.deep.include(mountsOf(run.name)[0]);
        expect(await runner.list()).to.deep.equal([run.name]);

        await runner.remove(run.name);
        for (const kind of ["containers", "networks", "volumes"] as const) {
          expect(engine.names(kind), kind).to.deep.equal([]);
        }
      });
    }
  }
});

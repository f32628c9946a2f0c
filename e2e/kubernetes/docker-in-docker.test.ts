import { expect } from "chai";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import type { PodSecurityLevel } from "../../services/sandbox/src/kubernetes/index.ts";
import { openClusterBench } from "./cluster-bench.ts";

const never = () => new AbortController().signal;
const TELLS = "process.exit(process.env.DOCKER_HOST === 'unix:///docker/docker.sock' ? 0 : 7)";

describe("A worker with a Docker of its own", () => {
  async function endIn(podSecurity: PodSecurityLevel, settings: Record<string, string>) {
    await using cluster = await openClusterBench({ podSecurity });
    const runner = cluster.createRunner(TELLS, settings);
    const run = aRun({ docker: true });
    await runner.start(run);
    const end = await runner.ended(run.name, never());
    return { end, pods: cluster.standIn.store.list("pods") };
  }

  it("ends its Job although Docker beside it has not ended by itself", async () => {
    const { end, pods } = await endIn("privileged", { DOCKER_IN_DOCKER: "rootless" });
    expect(end).to.include({ reason: "completed" });
    expect(pods[0]?.status.initContainerStatuses?.map(({ name }) => name)).to.deep.equal(["docker"]);
  });

  it("is refused by a namespace that was not made for it, with the reason", async () => {
    const { end } = await endIn("restricted", { DOCKER_IN_DOCKER: "privileged" });
    expect(end).to.include({ reason: "could-not-start" });
    expect(end.detail).to.match(/violates PodSecurity "restricted:latest": privileged \(container "docker"/);
  });

  it("fits every namespace when Docker is off", async () => {
    const { end } = await endIn("restricted", {});
    expect(end).to.include({ reason: "crashed", exitCode: 7 });
  });
});

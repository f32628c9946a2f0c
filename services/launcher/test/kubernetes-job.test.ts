import { RunOptionsConfig } from "@peerbot/contracts";
import { loadConfig, Secret, WorkConfig } from "@peerbot/runtime";
import { expect } from "chai";
import { z } from "zod";
import { DockerInDockerConfig } from "../src/runner/docker-in-docker-config.ts";
import { jobOf } from "../src/runner/kubernetes/job-of.ts";
import { KubernetesConfig } from "../src/runner/kubernetes/kubernetes-config.ts";
import { settingsOf } from "../src/runner/kubernetes/open-kubernetes-runner.ts";
import { tokenSecretOf } from "../src/runner/kubernetes/start-token-secret.ts";
import type { RunSpec } from "../src/runner/session-runner.ts";
import { aRun } from "./runner-conformance.ts";

const Config = z.object({
  ...KubernetesConfig.shape,
  ...DockerInDockerConfig.shape,
  ...RunOptionsConfig.shape,
  ...WorkConfig.shape,
});
const NOW = 1_700_000_000_000;

function settings(environment: Record<string, string> = {}) {
  return settingsOf(loadConfig(Config, { WORKER_IMAGE: "peerbot/worker:1", STOP_GRACE_SECONDS: "45", ...environment }));
}

function job(environment: Record<string, string> = {}, run: Partial<RunSpec> = {}) {
  const spec = aRun({ deadlineAt: NOW + 90_500, ...run });
  const made = jobOf(spec, settings(environment), NOW);
  const pod = made.spec?.template.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error("a Job has a pod with a container");
  return { made, pod, container, run: spec };
}

describe("The Job of a run", () => {
  it("carries the run's name, its session, its person and its epoch", () => {
    const { made, run } = job({}, { userId: "U1ADA", epoch: 7 });
    expect(made.metadata?.name).to.equal(run.name);
    const facts = { "claude.ai/session-key": run.sessionKey, "claude.ai/user-id": "U1ADA", "claude.ai/epoch": "7" };
    expect(made.metadata?.labels).to.include(facts);
    expect(made.metadata?.annotations).to.include(facts);
    expect(made.spec?.template.metadata?.labels).to.include(facts);
  });

  it("keeps what cannot be a label's value as an annotation alone", () => {
    const { made } = job({}, { userId: "ada lovelace" });
    expect(made.metadata?.labels).not.to.have.property("claude.ai/user-id");
    expect(made.metadata?.annotations).to.include({ "claude.ai/user-id": "ada lovelace" });
  });

  it("runs once, until its deadline, and is cleared away afterwards", () => {
    const { made, pod } = job({ WORKER_TTL_SECONDS: "600" });
    expect(made.spec).to.include({
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: 91,
      ttlSecondsAfterFinished: 600,
      podReplacementPolicy: "Failed",
    });
    expect(pod).to.include({ restartPolicy: "Never", terminationGracePeriodSeconds: 45 });
  });

  it("has a second left when its deadline has passed already", () => {
    expect(job({}, { deadlineAt: NOW - 5_000 }).made.spec?.activeDeadlineSeconds).to.equal(1);
  });

  for (const [environment, run, expected] of [
    [{}, {}, { limits: { cpu: "2000m", memory: "4096Mi" }, requests: { cpu: "1000m", memory: "4096Mi" } }],
    [
      {},
      { size: "small" },
      { limits: { cpu: "1000m", memory: "2048Mi" }, requests: { cpu: "500m", memory: "2048Mi" } },
    ],
    [
      { WORKER_SIZE: "large", WORKER_CPU_REQUEST_PERCENT: "100" },
      {},
      { limits: { cpu: "4000m", memory: "8192Mi" }, requests: { cpu: "4000m", memory: "8192Mi" } },
    ],
    [
      { WORKER_SIZES: "small=0.1:0.25,standard=0.5:1,large=1:2", WORKER_CPU_REQUEST_PERCENT: "25" },
      {},
      { limits: { cpu: "500m", memory: "1024Mi" }, requests: { cpu: "125m", memory: "1024Mi" } },
    ],
  ] as const) {
    it(`asks for ${JSON.stringify(expected.limits)} with ${JSON.stringify({ ...environment, ...run })}`, () => {
      expect(job(environment, run).container.resources).to.deep.equal(expected);
    });
  }

  it("meets the restricted pod security standard", () => {
    const { pod, container } = job();
    expect(pod.securityContext).to.deep.include({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(pod.securityContext?.runAsUser).to.be.greaterThan(0);
    expect(container.securityContext).to.deep.include({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod).to.include({ automountServiceAccountToken: false, enableServiceLinks: false });
    for (const forbidden of ["hostNetwork", "hostPID", "hostIPC"]) expect(pod).not.to.have.property(forbidden);
  });

  it("gives the worker three folders to write to, each with a limit and nothing else of the node", () => {
    const { pod, container } = job({ WORKER_WORKSPACE_GIB: "25" });
    expect(pod.volumes).to.deep.equal(
      ["workspace", "home", "tmp"].map((name) => ({ name, emptyDir: { sizeLimit: "25Gi" } })),
    );
    expect(container.volumeMounts?.map(({ mountPath }) => mountPath)).to.deep.equal([
      "/workspace",
      "/home/worker",
      "/tmp",
    ]);
  });

  it("tells the worker what it needs, and no secret", () => {
    const { made, container, run } = job(
      {},
      { startToken: new Secret("the-token"), gatewayUrl: "http://gateway:3200" },
    );
    expect(container.env).to.deep.include({ name: "GATEWAY_URL", value: "http://gateway:3200" });
    const secretKeyRef = { name: run.name, key: "start-token" };
    expect(container.env).to.deep.include({ name: "START_TOKEN", valueFrom: { secretKeyRef } });
    expect(JSON.stringify(made)).not.to.include("the-token");
    expect(JSON.stringify(made)).not.to.include(Buffer.from("the-token").toString("base64"));
    expect(tokenSecretOf(run, settings()).data).to.deep.equal({
      "start-token": Buffer.from("the-token").toString("base64"),
    });
  });

  it("prefers spot nodes and tolerates their taint only when told to", () => {
    const spot = job({ WORKER_SPOT: "true" }).pod;
    const key = "cloud.google.com/gke-spot";
    expect(spot.tolerations).to.deep.include({ key, operator: "Equal", value: "true", effect: "NoSchedule" });
    expect(JSON.stringify(spot.affinity)).to.include("preferredDuringScheduling").and.include(key);
    expect(JSON.stringify(job().pod)).not.to.include(key);
  });

  it("leaves a node that is out of reach after the time that was set", () => {
    const { pod } = job({ KUBERNETES_NODE_LOST_SECONDS: "33" });
    const tolerations = pod.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]);
    expect(tolerations).to.deep.equal([
      ["node.kubernetes.io/not-ready", 33],
      ["node.kubernetes.io/unreachable", 33],
    ]);
  });

  it("takes over where and how pods are to run", () => {
    const { pod, container } = job({
      WORKER_IMAGE_PULL_POLICY: "Always",
      WORKER_IMAGE_PULL_SECRETS: "one, two",
      WORKER_SERVICE_ACCOUNT: "nobody",
      WORKER_NODE_SELECTOR: "pool=workers",
      WORKER_PRIORITY_CLASS: "low",
      WORKER_RUNTIME_CLASS: "gvisor",
    });
    expect(container).to.include({ image: "peerbot/worker:1", imagePullPolicy: "Always" });
    expect(pod).to.deep.include({
      imagePullSecrets: [{ name: "one" }, { name: "two" }],
      serviceAccountName: "nobody",
      nodeSelector: { pool: "workers" },
      priorityClassName: "low",
      runtimeClassName: "gvisor",
    });
  });

  for (const [mode, image, uid] of [
    ["rootless", "docker:28-dind-rootless", 1000],
    ["privileged", "docker:28-dind", 0],
  ] as const) {
    it(`puts a ${mode} Docker beside a worker that asked for one, which the Job does not wait for`, () => {
      const { pod, container } = job({ DOCKER_IN_DOCKER: mode, DOCKER_IN_DOCKER_LIMITS: "1:3" }, { docker: true });
      const [sidecar] = pod.initContainers ?? [];
      expect(sidecar).to.deep.include({ name: "docker", image, restartPolicy: "Always" });
      expect(sidecar?.securityContext).to.include({ privileged: true, runAsUser: uid, runAsNonRoot: uid !== 0 });
      expect(sidecar?.resources).to.deep.equal({
        limits: { cpu: "1000m", memory: "3072Mi" },
        requests: { cpu: "500m", memory: "3072Mi" },
      });
      expect(sidecar?.args).to.include("--host=unix:///docker/docker.sock");
      // The folder of a volume is root's, and the daemon sets permissions of its own.
      const storage = sidecar?.volumeMounts?.find(({ name }) => name === "docker-storage")?.mountPath;
      expect(sidecar?.args).to.include(`--data-root=${storage}/data`);
      expect(JSON.stringify(sidecar)).not.to.include("START_TOKEN").and.not.include("tcp://");
      expect(container.env).to.deep.include({ name: "DOCKER_HOST", value: "unix:///docker/docker.sock" });
      // A folder has one path on both sides, and nothing is the node's.
      const paths = (mounts: readonly { name: string; mountPath: string }[] = []) =>
        mounts.map(({ name, mountPath }) => `${name} ${mountPath}`);
      expect(paths(sidecar?.volumeMounts)).to.include.members(paths(container.volumeMounts));
      expect(pod.volumes?.every((volume) => volume.emptyDir !== undefined)).to.equal(true);
    });
  }

  it("keeps the worker as restricted beside a Docker as without, and its token to itself", () => {
    const alone = job();
    const { container, pod } = job({ DOCKER_IN_DOCKER: "privileged" }, { docker: true });
    expect(container.securityContext).to.deep.equal(alone.container.securityContext);
    expect(pod.securityContext).to.deep.equal(alone.pod.securityContext);
    expect(pod).not.to.have.property("shareProcessNamespace");
  });

  it("gives no run a Docker that did not ask for it, or where none may have it", () => {
    expect(job({ DOCKER_IN_DOCKER: "rootless" }).pod).not.to.have.property("initContainers");
    expect(job({}, { docker: true }).pod).not.to.have.property("initContainers");
  });

  it("says what is wrong with sizes and labels of nodes", () => {
    const load = () => settings({ WORKER_SIZES: "small=1:2,large=0:1", WORKER_NODE_SELECTOR: "pool" });
    expect(load).to.throw(/WORKER_SIZES: must look like small=1:2/);
    expect(load).to.throw(/WORKER_NODE_SELECTOR: must look like pool=workers/);
  });
});

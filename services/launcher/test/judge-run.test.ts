import type { V1ContainerStatus, V1Job, V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import { judgeRun } from "../src/runner/kubernetes/judge-run.ts";
import { NOTHING_SEEN, type ObservedRun } from "../src/runner/kubernetes/observed-run.ts";

const NOW = 1_700_000_000_000;
const job: V1Job = { metadata: { name: "run", uid: "1" } };

function finished(type: "Complete" | "Failed", reason = ""): V1Job {
  return { ...job, status: { conditions: [{ type, status: "True", reason, message: "told" }] } };
}

function pod(status: V1Pod["status"], metadata: V1Pod["metadata"] = {}): V1Pod {
  return { metadata: { uid: "2", ...metadata }, ...(status === undefined ? {} : { status }) };
}

function withState(state: V1ContainerStatus["state"], phase = "Running"): V1Pod {
  const container = { name: "worker", image: "", imageID: "", ready: false, restartCount: 0 };
  return pod({ phase, containerStatuses: [{ ...container, ...(state === undefined ? {} : { state }) }] });
}

function withSidecar(state: V1ContainerStatus["state"], worker = "PodInitializing"): V1Pod {
  const { status, ...rest } = withState({ waiting: { reason: worker } }, "Pending");
  const docker = { name: "docker", image: "", imageID: "", ready: false, restartCount: 0, ...(state && { state }) };
  return { ...rest, status: { ...status, initContainerStatuses: [docker] } };
}

function judge(seen: Partial<ObservedRun>, { isPodKnown = true } = {}) {
  return judgeRun({ ...NOTHING_SEEN, job, ...seen }, { now: NOW, isPodKnown, goneSeconds: 15 });
}

function scheduled(status: string, message: string): V1Pod {
  return pod({ phase: "Pending", conditions: [{ type: "PodScheduled", status, message }] });
}

const leaving = { deletionTimestamp: new Date(NOW + 5_000) };
const unseen = { deletionTimestamp: new Date(NOW - 16_000) };

describe("What a run's objects say of it", () => {
  for (const [what, seen] of [
    ["a Job without a pod", {}],
    ["a pod that was just made", { pod: pod({ phase: "Pending" }) }],
    ["a container that is being made", { pod: withState({ waiting: { reason: "ContainerCreating" } }, "Pending") }],
    ["a Docker beside it that is being pulled", { pod: withSidecar({ waiting: { reason: "PodInitializing" } }) }],
    ["a container that runs", { pod: withState({ running: {} }) }],
    ["a pod that is being ended", { pod: { ...withState({ running: {} }), metadata: leaving } }],
    [
      "a pod being ended whose Job is gone",
      { pod: { ...withState({ running: {} }), metadata: leaving }, isJobGone: true },
    ],
    [
      "an ended pod that somebody deleted, of which the Job has not decided",
      { pod: { ...withState({ terminated: { exitCode: 143 } }, "Failed"), metadata: leaving } },
    ],
  ] as const) {
    it(`calls ${what} living`, () => {
      expect(judge(seen)).to.deep.equal({ kind: "living" });
    });
  }

  for (const [what, seen, reason, kind] of [
    [
      "an image of the Docker beside it that cannot be pulled",
      { pod: withSidecar({ waiting: { reason: "ImagePullBackOff", message: "docker:x" } }) },
      "image-pull-failed",
      "other",
    ],
    [
      "a Docker beside it that does not start",
      { pod: withSidecar({ waiting: { reason: "CrashLoopBackOff" } }) },
      "could-not-start",
      "other",
    ],
    ["a pod nobody has room for", { pod: scheduled("False", "0/3 nodes") }, "unschedulable", "room"],
    ["a used up quota", { podRefusal: "pods is forbidden: exceeded quota: q" }, "quota-refused", "room"],
    ["a pod that was not admitted", { podRefusal: "violates PodSecurity" }, "could-not-start", "other"],
    [
      "an image that cannot be pulled",
      { pod: withState({ waiting: { reason: "ErrImagePull" } }) },
      "image-pull-failed",
      "other",
    ],
    [
      "an image nobody tries any more",
      { pod: withState({ waiting: { reason: "ImagePullBackOff" } }) },
      "image-pull-failed",
      "other",
    ],
    [
      "an image's impossible name",
      { pod: withState({ waiting: { reason: "InvalidImageName" } }) },
      "image-pull-failed",
      "other",
    ],
    [
      "a missing Secret",
      { pod: withState({ waiting: { reason: "CreateContainerConfigError" } }) },
      "could-not-start",
      "other",
    ],
  ] as const) {
    it(`sees trouble in ${what}`, () => {
      const verdict = judge(seen);
      expect(verdict.kind === "troubled" && verdict.trouble).to.include({ reason, kind });
    });
  }

  for (const [what, seen, expected] of [
    ["exit 0", { pod: withState({ terminated: { exitCode: 0 } }, "Succeeded") }, { reason: "completed", exitCode: 0 }],
    ["exit 3", { pod: withState({ terminated: { exitCode: 3 } }, "Failed") }, { reason: "crashed", exitCode: 3 }],
    [
      "a signal",
      { pod: withState({ terminated: { exitCode: 139 } }, "Failed") },
      { reason: "crashed", signal: "SIGSEGV" },
    ],
    [
      "OOMKilled",
      { pod: withState({ terminated: { exitCode: 137, reason: "OOMKilled" } }, "Failed") },
      { reason: "out-of-memory", signal: "SIGKILL" },
    ],
    [
      "a container that could not be executed",
      { pod: withState({ terminated: { exitCode: 128, reason: "StartError" } }, "Failed") },
      { reason: "could-not-start" },
    ],
    [
      "a full node",
      { pod: pod({ phase: "Failed", reason: "Evicted", message: "low" }) },
      { reason: "evicted", detail: "low" },
    ],
    [
      "a node that had less room than it seemed",
      { pod: pod({ phase: "Failed", reason: "OutOfmemory", message: "Pod was rejected: Node didn't have enough" }) },
      { reason: "evicted", detail: "Pod was rejected: Node didn't have enough" },
    ],
    [
      "a pod its node refuses",
      { pod: pod({ phase: "Failed", reason: "UnexpectedAdmissionError", message: "Pod was rejected: no device" }) },
      { reason: "could-not-start", detail: "Pod was rejected: no device" },
    ],
    [
      "a node that went down and came back",
      { pod: withState({ terminated: { exitCode: 255, reason: "Unknown" } }, "Failed") },
      { reason: "node-lost" },
    ],
    [
      "a container its node knows nothing of any more",
      { pod: withState({ terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } }, "Failed") },
      { reason: "node-lost" },
    ],
    ["a node that shuts down", { pod: pod({ phase: "Failed", reason: "Terminated" }) }, { reason: "evicted" }],
    [
      "work saved in time at the deadline",
      {
        job: finished("Failed", "DeadlineExceeded"),
        pod: { ...withState({ terminated: { exitCode: 0 } }, "Succeeded"), metadata: leaving },
      },
      { reason: "deadline-exceeded", exitCode: 0 },
    ],
    [
      "a Job and pod that are gone",
      { isJobGone: true, pod: pod({ phase: "Running" }), isPodGone: true },
      { reason: "deleted" },
    ],
    ["a Job that is gone without a pod", { isJobGone: true }, { reason: "deleted" }],
    [
      "a pod no node answers for",
      { pod: { ...withState({ running: {} }), metadata: unseen } },
      { reason: "node-lost" },
    ],
    [
      "a Job that ended without a pod",
      { job: finished("Failed", "DeadlineExceeded") },
      { reason: "deadline-exceeded" },
    ],
    [
      "a run that was given up",
      {
        job: { metadata: { annotations: { "claude.ai/end-reason": "unschedulable", "claude.ai/end-detail": "0/3" } } },
        pod: pod({ phase: "Pending" }),
        isPodGone: true,
      },
      { reason: "unschedulable", detail: "0/3" },
    ],
  ] as const) {
    it(`takes ${what} for the end: ${expected.reason}`, () => {
      const verdict = judge(seen);
      expect(verdict.kind === "ended" && verdict.end).to.include(expected);
    });
  }

  it("does not wait for the control plane to clear away a pod that never got a node", () => {
    const run = {
      metadata: { annotations: { "claude.ai/end-reason": "unschedulable", "claude.ai/end-detail": "0/3" } },
    };
    const pending = { ...pod({ phase: "Pending" }, leaving), spec: { containers: [] } };
    expect(judge({ job: run, pod: pending })).to.deep.include({ kind: "ended" });
    const placed = { ...pending, spec: { containers: [], nodeName: "node" } };
    expect(judge({ job: run, pod: placed })).to.deep.equal({ kind: "living" });
  });

  it("asks for the pod before it concludes from its absence", () => {
    expect(judge({ job: finished("Complete") }, { isPodKnown: false })).to.deep.equal({ kind: "pod-unknown" });
    expect(judge({ job: finished("Complete") })).to.deep.include({ kind: "ended" });
  });
});

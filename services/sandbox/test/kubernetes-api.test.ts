import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { type RunningKubernetes, startKubernetes } from "../src/kubernetes/start-kubernetes.ts";

const NAMESPACE = "/namespaces/test";
const JOBS = `/apis/batch/v1${NAMESPACE}/jobs`;
const PODS = `/api/v1${NAMESPACE}/pods`;
const SECRETS = `/api/v1${NAMESPACE}/secrets`;

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: documents of any shape, read by tests alone
  body: any;
}

describe("The Kubernetes stand-in", () => {
  let folder: TemporaryFolder;
  let cluster: RunningKubernetes;
  beforeEach(async () => {
    folder = await temporaryFolder();
    cluster = await startKubernetes({
      dataDir: folder.path,
      commandOf: (image) => ["/bin/sh", "-c", image],
      searchPath: process.env.PATH ?? "",
    });
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
    const headers = {
      authorization: "Bearer sandbox-kubernetes-token",
      ...(body === undefined ? {} : { "content-type": type }),
    };
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${cluster.url}${path}`, { method, headers, ...payload });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  }
  const merge = (path: string, patch: unknown) => ask("PATCH", path, patch, "application/merge-patch+json");

  /** A Job whose image is a shell script. */
  function job(name: string, script = "sleep 30", spec: object = {}, labels = {}) {
    const container = { name: "main", image: script, terminationMessagePolicy: "FallbackToLogsOnError" };
    const template = { metadata: { labels }, spec: { restartPolicy: "Never", containers: [container] } };
    return { metadata: { name, labels }, spec: { backoffLimit: 0, template, ...spec } };
  }

  /** Lines of a watch until `count` have come or it ends. */
  async function watch(path: string, count: number): Promise<Answer["body"][]> {
    const headers = { authorization: "Bearer sandbox-kubernetes-token" };
    const answer = await fetch(`${cluster.url}${path}`, { headers });
    const lines: Answer["body"][] = [];
    let rest = "";
    for await (const chunk of answer.body ?? []) {
      rest += Buffer.from(chunk).toString();
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts.map((part) => JSON.parse(part)));
      if (lines.length >= count) break;
    }
    return lines;
  }

  async function podOf(name: string, isIt: (pod: Answer["body"]) => boolean): Promise<Answer["body"]> {
    const look = async () => (await ask("GET", `${PODS}?labelSelector=job-name=${name}`)).body.items.find(isIt);
    return until(look, { what: `the pod of ${name}` });
  }

  it("refuses a wrong token", async () => {
    const answer = await fetch(`${cluster.url}/version`, { headers: { authorization: "Bearer other" } });
    expect(answer.status).to.equal(401);
    expect(await answer.json()).to.include({ kind: "Status", reason: "Unauthorized", code: 401 });
  });

  for (const [what, request, code, reason] of [
    ["what is not there", ["GET", `${JOBS}/none`], 404, "NotFound"],
    ["a kind it does not know", ["GET", `/api/v1${NAMESPACE}/configmaps`], 404, "NotFound"],
    [
      "a Job whose pods would restart",
      [
        "POST",
        JOBS,
        { metadata: { name: "a" }, spec: { template: { spec: { containers: [{ name: "a", image: "b" }] } } } },
      ],
      422,
      "Invalid",
    ],
    ["a name that is none", ["POST", SECRETS, { metadata: { name: "Not_A_Name" } }], 422, "Invalid"],
    ["a label that is none", ["POST", SECRETS, { metadata: { name: "a", labels: { a: "b c" } } }], 422, "Invalid"],
    ["data that is not base64", ["POST", SECRETS, { metadata: { name: "a" }, data: { a: "?" } }], 422, "Invalid"],
    ["an object of another kind", ["POST", SECRETS, { kind: "Pod", metadata: { name: "a" } }], 400, "BadRequest"],
    ["a selector that is none", ["GET", `${PODS}?labelSelector=${encodeURIComponent("a in b")}`], 400, "BadRequest"],
    ["a method that is none", ["PUT", JOBS, {}], 405, "MethodNotAllowed"],
  ] as const) {
    it(`answers ${code} ${reason} to ${what}`, async () => {
      const [method, path, body] = request;
      const answer = await ask(method, path, body);
      expect(answer.status).to.equal(code);
      expect(answer.body).to.include({ kind: "Status", status: "Failure", reason, code });
    });
  }

  it("answers 409 AlreadyExists to the same name twice and 409 Conflict to a change of an old version", async () => {
    const { body } = await ask("POST", SECRETS, { metadata: { name: "a" }, stringData: { key: "value" } });
    expect(body.data).to.deep.equal({ key: Buffer.from("value").toString("base64") });
    expect((await ask("POST", SECRETS, { metadata: { name: "a" } })).body).to.include({
      code: 409,
      reason: "AlreadyExists",
    });
    await merge(`${SECRETS}/a`, { metadata: { labels: { is: "new" } } });
    expect((await ask("PUT", `${SECRETS}/a`, body)).body).to.include({ code: 409, reason: "Conflict" });
  });

  it("keeps what is immutable as it is", async () => {
    await ask("POST", JOBS, job("a"));
    await ask("POST", SECRETS, { metadata: { name: "a" }, immutable: true, data: { key: "YQ==" } });
    const image = { spec: { template: { spec: { containers: [{ name: "main", image: "other" }] } } } };
    expect((await merge(`${JOBS}/a`, image)).status).to.equal(422);
    expect((await merge(`${SECRETS}/a`, { data: { key: "Yg==" } })).status).to.equal(422);
    const owner = { metadata: { ownerReferences: [] } };
    expect((await merge(`${SECRETS}/a`, owner)).status).to.equal(200);
    expect((await ask("PATCH", `${SECRETS}/a`, {}, "application/apply-patch+yaml")).status).to.equal(415);
  });

  it("can be told to throttle", async () => {
    cluster.standIn.faults.failNext({ status: 429, headers: { "retry-after": "1" } });
    expect((await ask("GET", JOBS)).body).to.include({ kind: "Status", code: 429, reason: "TooManyRequests" });
    expect((await ask("GET", JOBS)).status).to.equal(200);
  });

  it("lists in pages and by labels and fields", async () => {
    for (const name of ["a", "b", "c"]) await ask("POST", SECRETS, { metadata: { name, labels: { name } } });
    const first = await ask("GET", `${SECRETS}?limit=2`);
    expect(first.body.metadata).to.include({ remainingItemCount: 1 });
    const second = await ask("GET", `${SECRETS}?limit=2&continue=${first.body.metadata.continue}`);
    expect(second.body.items.map((item: Answer["body"]) => item.metadata.name)).to.deep.equal(["c"]);
    const names = async (query: string) =>
      (await ask("GET", `${SECRETS}?${query}`)).body.items.map((item: Answer["body"]) => item.metadata.name);
    expect(await names(`labelSelector=${encodeURIComponent("name in (a,c),name!=a")}`)).to.deep.equal(["c"]);
    expect(await names("fieldSelector=metadata.name=b")).to.deep.equal(["b"]);
  });

  it("streams what happened since a version, what leaves a selection, and bookmarks", async () => {
    const { body } = await ask("POST", SECRETS, { metadata: { name: "a", labels: { on: "yes" } } });
    const since = body.metadata.resourceVersion;
    await merge(`${SECRETS}/a`, { metadata: { labels: { on: "no" } } });
    await ask("POST", SECRETS, { metadata: { name: "b", labels: { on: "yes" } } });
    const query = `watch=true&resourceVersion=${since}&labelSelector=on=yes&allowWatchBookmarks=true`;
    const lines = await watch(`${SECRETS}?${query}`, 3);
    expect(lines.map(({ type, object }) => [type, object.metadata.name])).to.deep.equal([
      ["DELETED", "a"],
      ["ADDED", "b"],
      ["BOOKMARK", undefined],
    ]);
    expect(lines[2].object.metadata.resourceVersion).to.equal(lines[1].object.metadata.resourceVersion);
  });

  it("says 410 Expired to a watch from a version it has forgotten, and ends watches in time", async () => {
    const { body } = await ask("GET", SECRETS);
    await ask("POST", SECRETS, { metadata: { name: "a" } });
    cluster.standIn.store.compact();
    const [line] = await watch(`${SECRETS}?watch=true&resourceVersion=${body.metadata.resourceVersion}`, 1);
    expect(line).to.deep.include({ type: "ERROR" });
    expect(line.object).to.include({ code: 410, reason: "Expired" });
    expect(await watch(`${SECRETS}?watch=true&timeoutSeconds=1`, 9)).to.have.length(1);
  });

  it("runs a Job's pod as a process and tells how it ended, with its last words", async () => {
    await ask("POST", JOBS, job("a", "echo hello; echo oops >&2; exit 3"));
    const pod = await podOf("a", ({ status }) => status.phase === "Failed");
    expect(pod.status.containerStatuses[0].state.terminated).to.include({ exitCode: 3, reason: "Error" });
    expect(pod.status.containerStatuses[0].state.terminated.message).to.include("oops");
    const log = await ask("GET", `${PODS}/${pod.metadata.name}/log?tailLines=1`);
    expect(log.body).to.equal("oops\n");
    const conditions = async () => (await ask("GET", `${JOBS}/a`)).body.status.conditions ?? [];
    const isFailed = async () => (await conditions()).find(({ type }: Answer["body"]) => type === "Failed");
    expect(await until(isFailed, { what: "the Job to fail" })).to.include({ reason: "BackoffLimitExceeded" });
    // What a Job will come to stands there first.
    const types = (await conditions()).map(({ type }: Answer["body"]) => type);
    expect(types).to.deep.equal(["FailureTarget", "Failed"]);
  });

  it("keeps a pod that is to go until its Job has counted it, also one that has no node", async () => {
    cluster.standIn.cluster.inject({ fault: { kind: "unschedulable" } });
    await ask("POST", JOBS, job("a", "exit 0"));
    const { metadata } = await podOf("a", ({ status }) => status.conditions !== undefined);
    expect(metadata.finalizers).to.deep.equal(["batch.kubernetes.io/job-tracking"]);
    const { body } = await ask("GET", PODS);
    await ask("DELETE", `${PODS}/${metadata.name}?gracePeriodSeconds=0`);
    const lines = await watch(`${PODS}?watch=true&resourceVersion=${body.metadata.resourceVersion}`, 4);
    expect(lines.map(({ type }) => type)).to.deep.equal(["MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]);
    expect(lines[0]?.object.metadata.deletionTimestamp).to.be.a("string");
    expect(lines.at(-1)?.object.status.phase).to.equal("Failed");
  });

  it("lets a pod wait for the Secret it needs", async () => {
    const spec = job("a", 'test "$TOKEN" = value');
    const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "late", key: "token" } } }];
    Object.assign(spec.spec.template.spec.containers[0] ?? {}, { env });
    await ask("POST", JOBS, spec);
    const waiting = await podOf("a", ({ status }) => status.containerStatuses?.[0].state.waiting !== undefined);
    expect(waiting.status.containerStatuses[0].state.waiting).to.deep.equal({
      reason: "CreateContainerConfigError",
      message: 'secret "late" not found',
    });
    await ask("POST", SECRETS, { metadata: { name: "late" }, stringData: { token: "value" } });
    await podOf("a", ({ status }) => status.phase === "Succeeded");
  });

  it("asks a pod to leave, and ends it after the grace time", async () => {
    await ask("POST", JOBS, job("polite", "trap 'exit 0' TERM; while :; do sleep 0.05; done"));
    await ask("POST", JOBS, job("deaf", "trap '' TERM; while :; do sleep 0.05; done"));
    const isUp = ({ status }: Answer["body"]) => status.phase === "Running";
    const names = [await podOf("polite", isUp), await podOf("deaf", isUp)].map(({ metadata }) => metadata.name);
    const { body } = await ask("GET", PODS);
    const began = Date.now();
    for (const name of names) await ask("DELETE", `${PODS}/${name}?gracePeriodSeconds=1`);
    // Each is marked, ends, waits for its Job to count it, and is gone.
    const lines = await watch(`${PODS}?watch=true&resourceVersion=${body.metadata.resourceVersion}`, 10);
    expect(Date.now() - began).to.be.within(900, 5_000);
    const gone = lines.filter(({ type }) => type === "DELETED").map(({ object }) => object);
    const codes = gone.map(({ status }) => status.containerStatuses[0].state.terminated.exitCode);
    expect(codes).to.deep.equal([0, 137]);
  });

  for (const [policy, left] of [
    ["Background", 0],
    ["Foreground", 0],
    ["Orphan", 1],
  ] as const) {
    it(`leaves ${left} pods of a Job deleted with ${policy}`, async () => {
      const { body } = await ask("POST", JOBS, job("a", "exec sleep 30"));
      await ask("POST", SECRETS, {
        metadata: { name: "owned", ownerReferences: [{ ...OWNER, uid: body.metadata.uid }] },
      });
      await podOf("a", ({ status }) => status.phase === "Running");
      await ask("DELETE", `${JOBS}/a`, { propagationPolicy: policy });
      await until(async () => (await ask("GET", `${JOBS}/a`)).status === 404, { what: "the Job to be gone" });
      const count = async () => (await ask("GET", PODS)).body.items.length;
      await until(async () => (await count()) === left, { what: `${left} pods` });
      expect((await ask("GET", `${SECRETS}/owned`)).status).to.equal(left === 0 ? 404 : 200);
    });
  }

  it("ends the pod of a suspended Job and fails a Job at its deadline", async () => {
    await ask("POST", JOBS, job("paused", "exec sleep 30"));
    await ask("POST", JOBS, job("late", "exec sleep 30", { activeDeadlineSeconds: 1 }));
    await podOf("paused", ({ status }) => status.phase === "Running");
    await merge(`${JOBS}/paused`, { spec: { suspend: true } });
    await until(async () => (await ask("GET", `${PODS}?labelSelector=job-name=paused`)).body.items.length === 0, {
      what: "no pod",
    });
    const conditions = async () => (await ask("GET", `${JOBS}/late`)).body.status.conditions ?? [];
    const failed = async () => (await conditions()).find(({ type }: Answer["body"]) => type === "Failed");
    expect(await until(failed, { what: "the Job to fail" })).to.include({ reason: "DeadlineExceeded" });
  });
});

const OWNER = { apiVersion: "batch/v1", kind: "Job", name: "a" };

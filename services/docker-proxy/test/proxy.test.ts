import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { createLogger, loadConfig } from "@peerbot/runtime";
import { type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { compose, type DockerProxy } from "../src/compose.ts";
import { DockerProxyConfig } from "../src/config.ts";

const ID = { worker: "a".repeat(64), gateway: "b".repeat(64), other: "c".repeat(64), network: "d".repeat(64) };
const OURS = { "claude.ai/instance": "peerbot", "claude.ai/run": "run-1" };

/** What an engine would know of things: some ours, some the machine's. */
const THINGS: Readonly<Record<string, unknown>> = {
  "/containers/run-1/json": { Id: ID.worker, Config: { Labels: { ...OURS, "claude.ai/role": "worker" } } },
  "/containers/gateway/json": {
    Id: ID.gateway,
    Config: { Labels: { "claude.ai/instance": "peerbot", "claude.ai/role": "gateway" } },
  },
  "/containers/redis/json": { Id: ID.other, Config: { Labels: {} } },
  "/containers/theirs/json": {
    Id: ID.other,
    Config: { Labels: { ...OURS, "claude.ai/instance": "another", "claude.ai/role": "worker" } },
  },
  [`/networks/${ID.network}`]: { Id: ID.network, Labels: OURS },
  "/networks/compose": { Id: ID.other, Labels: {} },
  [`/networks/${ID.other}`]: { Id: ID.other, Labels: { ...OURS, "claude.ai/run": "run-2" } },
  "/volumes/run-1": { Name: "run-1", Labels: OURS },
  "/volumes/run-2": { Name: "run-2", Labels: { ...OURS, "claude.ai/run": "run-2" } },
  // Of somebody who named it as a run may be named.
  "/volumes/pgdata": { Name: "pgdata", Labels: null },
  [`/networks/${"e".repeat(64)}`]: { Id: "e".repeat(64), Labels: { ...OURS, "claude.ai/run": "pgdata" } },
  "/volumes/redis-data": { Name: "redis-data", Labels: null },
};

interface Asked {
  method: string;
  url: string;
  body: string;
}

describe("The Docker proxy", () => {
  let folder: TemporaryFolder;
  let engine: ReturnType<typeof createServer>;
  let proxy: DockerProxy;
  /** What reached the engine besides the proxy's own questions. */
  let asked: Asked[];

  async function open(settings: Record<string, string> = {}): Promise<void> {
    const socket = join(folder.path, `${randomBytes(4).toString("hex")}.sock`);
    engine = createServer((incoming, response) => {
      void text(incoming).then((body) => {
        const url = (incoming.url ?? "").replace("/v1.41", "");
        const thing = incoming.method === "GET" ? THINGS[url] : undefined;
        const isQuestion = incoming.method === "GET" && /^\/(containers|networks|volumes)\/[^/?]+(\/json)?$/.test(url);
        if (!isQuestion) asked.push({ method: incoming.method ?? "", url, body });
        if (url.startsWith("/events")) return void response.write('{"Action":"start"}\n');
        response.statusCode = isQuestion && thing === undefined ? 404 : 200;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(thing ?? {}));
      });
    });
    engine.listen(socket);
    await once(engine, "listening");
    const config = loadConfig(DockerProxyConfig, {
      DOCKER_SOCKET: socket,
      DOCKER_PROXY_HOST: "127.0.0.1",
      DOCKER_PROXY_PORT: "0",
      INTERNAL_HOST: "127.0.0.1",
      INTERNAL_PORT: "0",
      WORKER_IMAGE: "peerbot/worker:1",
      ...settings,
    });
    proxy = await compose(config, createLogger({ service: "docker-proxy", level: "fatal" }));
  }

  beforeEach(async () => {
    asked = [];
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    engine.close();
    engine.closeAllConnections();
    await folder[Symbol.asyncDispose]();
  });

  /** Sends a path exactly as it is written, which fetch would not. */
  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; message: string }> {
    const sent = request({ host: "127.0.0.1", port: proxy.port, method, path, agent: false });
    sent.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const document = (await json(answer).catch(() => ({}))) as { message?: string };
    return { status: answer.statusCode ?? 0, message: document.message ?? "" };
  }

  const worker = (host: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
    name: "run-1",
    Image: "peerbot/worker:1",
    Labels: { ...OURS, "claude.ai/role": "worker" },
    User: "1000:1000",
    Entrypoint: ["/bin/sh"],
    Cmd: ["node"],
    Env: ["LANG=C.UTF-8"],
    Hostname: "worker",
    StopSignal: "SIGTERM",
    StopTimeout: 30,
    HostConfig: {
      NetworkMode: ID.network,
      Dns: ["127.0.0.1"],
      Memory: 2 ** 32,
      MemorySwap: 2 ** 32,
      NanoCpus: 2e9,
      PidsLimit: 2_048,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      Init: true,
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
      Mounts: [mount({})],
      Tmpfs: { "/tmp": "rw,nosuid,nodev,exec,size=512m,mode=1777" },
      ...host,
    },
    ...more,
  });
  const mount = (changes: Record<string, unknown>, options: Record<string, string> = {}) => ({
    Type: "volume",
    Source: "run-1",
    Target: "/workspace",
    VolumeOptions: { NoCopy: true, Labels: OURS, DriverConfig: { Name: "local", Options: options } },
    ...changes,
  });
  const network = (changes: Record<string, unknown> = {}) => ({
    Name: "run-1",
    CheckDuplicate: true,
    Driver: "bridge",
    Internal: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Config: [{ Subnet: "10.213.0.0/28", Gateway: "10.213.0.1" }] },
    Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
    Labels: OURS,
    ...changes,
  });
  const create = (body: unknown) => call("POST", "/v1.41/containers/create?name=run-1", body);

  it("hands on what a launcher does with a run", async () => {
    await open();
    const token = "token in an archive";
    for (const [method, path, body] of [
      ["GET", "/_ping", undefined],
      ["POST", "/v1.41/networks/create?", network()],
      ["POST", "/v1.41/containers/create?name=run-1", worker()],
      ["PUT", "/v1.41/containers/run-1/archive?path=%2Fworkspace", token],
      ["POST", "/v1.41/containers/run-1/start", undefined],
      ["GET", "/v1.41/containers/run-1/logs?stdout=true&stderr=true&tail=20", undefined],
      ["POST", "/v1.41/containers/run-1/stop?t=30", undefined],
      ["POST", "/v1.41/containers/run-1/kill?signal=SIGHUP", undefined],
      [
        "POST",
        `/v1.41/networks/${ID.network}/connect`,
        { Container: "gateway", EndpointConfig: { Aliases: ["gateway"] } },
      ],
      ["POST", `/v1.41/networks/${ID.network}/disconnect`, { Container: "gateway", Force: true }],
      ["DELETE", "/v1.41/containers/run-1?force=true&v=true", undefined],
      ["DELETE", `/v1.41/networks/${ID.network}`, undefined],
      ["DELETE", "/v1.41/volumes/run-1?force=true", undefined],
      ["GET", "/v1.41/images/peerbot%2Fworker%3A1/json", undefined],
      ["POST", "/v1.41/images/create?fromImage=peerbot%2Fworker&tag=1", undefined],
    ] as const) {
      expect(await call(method, path, body), `${method} ${path}`).to.deep.equal({ status: 200, message: "" });
    }
    expect(asked.find(({ method }) => method === "PUT")?.body).to.equal(token);
  });

  for (const [what, host] of [
    ["privileged", { Privileged: true }],
    ["with a folder of the machine", { Binds: ["/:/host"] }],
    ["with a folder of the machine as a mount", { Mounts: [mount({ Type: "bind", Source: "/" })] }],
    ["with a folder of the machine as a volume", { Mounts: [mount({}, { type: "none", o: "bind", device: "/" })] }],
    ["with another's volume", { Mounts: [mount({ Source: "redis-data" })] }],
    ["with a second mount", { Mounts: [mount({}), mount({ Source: "/var/run/docker.sock", Type: "bind" })] }],
    ["with volumes of another container", { VolumesFrom: ["redis"] }],
    ["in the machine's network", { NetworkMode: "host" }],
    ["in another container's network", { NetworkMode: "container:redis" }],
    ["in the network of the services", { NetworkMode: "compose" }],
    ["in another run's network", { NetworkMode: ID.other }],
    ["with the machine's processes", { PidMode: "host" }],
    ["with the machine's memory", { IpcMode: "host" }],
    ["with the machine's users", { UsernsMode: "host" }],
    ["with a capability", { CapAdd: ["SYS_ADMIN"] }],
    ["with all capabilities", { CapDrop: [] }],
    ["with a device", { Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }] }],
    ["without seccomp", { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] }],
    ["with another runtime", { Runtime: "other" }],
    ["with a cgroup of the machine's", { CgroupParent: "/" }],
    ["with a port", { PortBindings: { "80/tcp": [{ HostPort: "80" }] } }],
    ["with a sysctl", { Sysctls: { "net.ipv4.ip_forward": "1" } }],
    ["that comes back by itself", { RestartPolicy: { Name: "always" } }],
    ["with as much memory as it likes", { Memory: 0 }],
    ["with a field in other letters, which the engine would take", { privileged: true }],
    ["with a field in yet other letters", { binds: ["/:/host"] }],
    ["with a log elsewhere", { LogConfig: { Type: "syslog", Config: { "syslog-address": "tcp://10.0.0.1" } } }],
  ] as const) {
    it(`refuses a container ${what}`, async () => {
      await open();
      const { status, message } = await create(worker(host));
      expect(status).to.equal(403);
      expect(message).to.match(/^refused by docker-proxy: ./);
      expect(asked).to.deep.equal([]);
    });
  }

  for (const [what, more] of [
    ["of another image", { Image: "debian" }],
    ["of root", { User: "0" }],
    ["of another installation", { Labels: { ...OURS, "claude.ai/instance": "another", "claude.ai/role": "worker" } }],
    ["that says it is the gateway", { Labels: { ...OURS, "claude.ai/role": "gateway" } }],
    ["of another run's name", { Labels: { ...OURS, "claude.ai/run": "run-2", "claude.ai/role": "worker" } }],
    ["with a second network", { NetworkingConfig: { EndpointsConfig: { compose: {} } } }],
    ["with a second host configuration in small letters", { hostconfig: { Privileged: true } }],
  ] as const) {
    it(`refuses a container ${what}`, async () => {
      await open();
      expect((await create(worker({}, more))).status).to.equal(403);
      expect(asked).to.deep.equal([]);
    });
  }

  for (const [method, path, body] of [
    ["POST", "/v1.41/containers/redis/stop"],
    ["POST", "/v1.41/containers/theirs/stop"],
    ["DELETE", "/v1.41/containers/redis?force=true"],
    ["DELETE", "/v1.41/containers/gateway?force=true"],
    ["GET", "/v1.41/containers/redis/json"],
    ["GET", "/v1.41/containers/gateway/json"],
    ["GET", "/v1.41/containers/redis/logs?stdout=true"],
    ["POST", "/v1.41/containers/run-1/exec", { Cmd: ["sh"] }],
    ["POST", "/v1.41/exec/abc/start", {}],
    ["POST", "/v1.41/containers/run-1/update", { Memory: 0 }],
    ["POST", "/v1.41/containers/run-1/rename?name=x"],
    ["POST", "/v1.41/containers/run-1/attach?stream=1"],
    ["GET", "/v1.41/containers/run-1/export"],
    ["GET", "/v1.41/containers/run-1/archive?path=/"],
    ["PUT", "/v1.41/containers/run-1/archive?path=/etc", "x"],
    ["PUT", "/v1.41/containers/run-1/archive?path=/workspace&path=/etc", "x"],
    ["PUT", "/v1.41/containers/gateway/archive?path=/workspace", "x"],
    ["POST", "/v1.41/containers/create?name=run-1&name=run-2", {}],
    ["POST", "/v1.41/build?t=peerbot/worker:1"],
    ["POST", "/v1.41/commit?container=run-1&repo=peerbot/worker"],
    ["POST", "/v1.41/images/create?fromImage=evil&tag=1"],
    ["POST", "/v1.41/images/create?fromSrc=http%3A%2F%2Fevil&fromImage=peerbot%2Fworker&tag=1"],
    ["POST", "/v1.41/images/load"],
    ["POST", "/v1.41/images/peerbot%2Fworker%3A1/tag?repo=x"],
    ["DELETE", "/v1.41/images/peerbot%2Fworker%3A1"],
    ["GET", "/v1.41/images/json"],
    ["GET", "/v1.41/info"],
    ["POST", "/v1.41/auth"],
    ["GET", "/v1.41/secrets"],
    ["POST", "/v1.41/swarm/init"],
    ["POST", "/v1.41/volumes/create", { Name: "x" }],
    ["DELETE", "/v1.41/volumes/redis-data"],
    ["DELETE", "/v1.41/networks/compose"],
    ["POST", `/v1.41/networks/${ID.network}/connect`, { Container: "redis" }],
    ["POST", `/v1.41/networks/${ID.network}/connect`, { Container: "run-1" }],
    ["POST", "/v1.41/networks/compose/connect", { Container: "gateway" }],
    ["POST", "/v1.41/networks/compose/disconnect", { Container: "gateway" }],
    ["POST", "/v1.41/containers/..%2Fredis/stop"],
    ["POST", "/v1.41/containers/run-1/../redis/stop"],
    ["POST", "/v1.41/containers/run-1%2F..%2Fredis/stop"],
    ["POST", "/v1.41/containers/run-1%252F..%252Fredis/stop"],
    ["POST", "//containers/run-1/exec"],
    ["POST", "/v1.41/v1.41/containers/run-1/exec"],
    ["POST", "/V1.41/containers/run-1/stop"],
    ["POST", "http://docker/v1.41/info"],
    ["GET", "/v1.41/containers/%zz/json"],
    ["TRACE", "/_ping"],
  ] as readonly (readonly [string, string, unknown?])[]) {
    it(`refuses ${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`, async () => {
      await open();
      expect((await call(method, path, body)).status).to.equal(403);
      expect(asked).to.deep.equal([]);
    });
  }

  it("refuses a volume that is there and not the run's, however it is described", async () => {
    await open();
    const labels = { ...OURS, "claude.ai/run": "pgdata" };
    const named = mount({ Source: "pgdata", VolumeOptions: { ...mount({}).VolumeOptions, Labels: labels } });
    const body = worker(
      { NetworkMode: "e".repeat(64), Mounts: [named] },
      { name: "pgdata", Labels: { ...labels, "claude.ai/role": "worker" } },
    );
    const answer = await call("POST", "/v1.41/containers/create?name=pgdata", body);
    expect(answer).to.deep.equal({
      status: 403,
      message: "refused by docker-proxy: it belongs to no run of this installation",
    });
    expect(asked).to.deep.equal([]);
  });

  it("refuses a run that is named like another one's daemon, whose data it would have", async () => {
    await open({ DOCKER_IN_DOCKER: "privileged", DOCKER_IN_DOCKER_IMAGE: "dind:1" });
    const labels = { ...OURS, "claude.ai/run": "run-2-docker" };
    expect(
      (await call("POST", "/v1.41/networks/create", network({ Name: "run-2-docker", Labels: labels }))).status,
    ).to.equal(403);
    const named = mount({ Source: "run-2-docker", VolumeOptions: { ...mount({}).VolumeOptions, Labels: labels } });
    const body = worker(
      { Mounts: [named] },
      { name: "run-2-docker", Labels: { ...labels, "claude.ai/role": "worker" } },
    );
    expect((await call("POST", "/v1.41/containers/create?name=run-2-docker", body)).status).to.equal(403);
    expect(asked).to.deep.equal([]);
  });

  it("passes on no parameter and no field it does not know", async () => {
    await open();
    await call("DELETE", "/v1.41/containers/run-1?force=true&v=true&link=true");
    await call("POST", "/v1.41/containers/create?name=run-1&platform=x", worker());
    expect(asked.map(({ url }) => url)).to.deep.equal([
      `/containers/${ID.worker}?force=true&v=true`,
      "/containers/create?name=run-1",
    ]);
  });

  it("takes the last of two fields of one name, as what it judges and what it passes on", async () => {
    await open();
    const twice = JSON.stringify(worker()).replace('"Privileged":false', '"Privileged":true,"Privileged":false');
    expect((await create(twice)).status).to.equal(200);
    expect(asked.at(-1)?.body.match(/Privileged/g)).to.have.lengthOf(1);
    expect(JSON.parse(asked.at(-1)?.body ?? "{}").HostConfig.Privileged).to.equal(false);
  });

  it("shows only what is this installation's, whatever is asked for", async () => {
    await open();
    await call("GET", "/v1.41/containers/json?all=true");
    await call("GET", `/v1.41/networks?filters=${encodeURIComponent('{"label":["claude.ai/run"]}')}`);
    await call("GET", `/v1.41/volumes?filters=${encodeURIComponent('{"name":["redis-data"]}')}`);
    for (const { url } of asked) {
      const filters = JSON.parse(new URL(url, "http://engine").searchParams.get("filters") ?? "{}");
      expect(filters.label).to.include("claude.ai/instance=peerbot");
      expect(Object.keys(filters)).to.deep.equal(["label"]);
    }
    expect(asked).to.have.lengthOf(3);
  });

  it("streams the events of this installation as they come, and lets the engine go with the launcher", async () => {
    await open();
    const closed = once(engine, "request").then(([incoming]) => once((incoming as IncomingMessage).socket, "close"));
    const sent = request({ host: "127.0.0.1", port: proxy.port, path: "/v1.41/events?since=5", agent: false }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(String((await once(answer, "data"))[0])).to.equal('{"Action":"start"}\n');
    expect(decodeURIComponent(asked[0]?.url ?? "")).to.include("claude.ai/instance=peerbot");
    answer.on("error", () => undefined); // cut off by ourselves
    sent.destroy();
    await closed;
  });

  it("lets nobody take a connection over", async () => {
    await open();
    const socket = connect(proxy.port, "127.0.0.1");
    socket.end(
      "POST /v1.41/containers/run-1/attach HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n",
    );
    expect(await text(socket)).to.match(/^HTTP\/1.1 403 /);
    expect(asked).to.deep.equal([]);
  });

  it("counts what it refused", async () => {
    await open();
    await call("GET", "/v1.41/info");
    const metrics = await (await fetch(`http://127.0.0.1:${proxy.internalPort}/metrics`)).text();
    expect(metrics).to.match(/peerbot_docker_proxy_refused_total\{service="docker-proxy"\} 1/);
  });

  it("refuses networks that lead out, and allows them where the operator does", async () => {
    await open();
    const outward = network({ Internal: false, Options: {} });
    expect((await call("POST", "/v1.41/networks/create", outward)).status).to.equal(403);
    expect((await call("POST", "/v1.41/networks/create", network({ Options: {} }))).status).to.equal(403);
    expect((await call("POST", "/v1.41/networks/create", network({ Driver: "host" }))).status).to.equal(403);
    const parent = network({ Options: { parent: "eth0" } });
    expect((await call("POST", "/v1.41/networks/create", parent)).status).to.equal(403);
    await proxy[Symbol.asyncDispose]();
    engine.close();
    await open({ DOCKER_INTERNET: "true" });
    expect((await call("POST", "/v1.41/networks/create", outward)).status).to.equal(200);
  });

  describe("with a Docker daemon beside workers", () => {
    const data = (changes: Record<string, unknown> = {}) => ({
      ...mount({ Source: "run-1-docker", Target: "/var/lib/docker" }),
      VolumeOptions: { NoCopy: false, Labels: OURS, DriverConfig: { Name: "local", Options: {} } },
      ...changes,
    });
    const daemon = (host: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
      name: "run-1-docker",
      Image: "dind:1",
      Labels: { ...OURS, "claude.ai/role": "docker" },
      Env: ["DOCKER_TLS_CERTDIR="],
      Cmd: ["--tls=false"],
      Hostname: "docker",
      HostConfig: {
        NetworkMode: ID.network,
        Dns: ["127.0.0.1"],
        Memory: 2 ** 32,
        MemorySwap: 2 ** 32,
        NanoCpus: 2e9,
        PidsLimit: 2_048,
        RestartPolicy: { Name: "no" },
        LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
        Mounts: [data(), mount({})],
        Privileged: true,
        ...host,
      },
      NetworkingConfig: { EndpointsConfig: { [ID.network]: { Aliases: ["docker"] } } },
      ...more,
    });
    const createDaemon = (body: unknown) => call("POST", "/v1.41/containers/create?name=run-1-docker", body);

    it("refuses it while that is off", async () => {
      await open();
      expect(await createDaemon(daemon())).to.deep.include({
        status: 403,
        message: "refused by docker-proxy: DOCKER_IN_DOCKER is off",
      });
    });

    it("refuses a privileged one where only a rootless one is allowed", async () => {
      await open({ DOCKER_IN_DOCKER: "rootless", DOCKER_IN_DOCKER_IMAGE: "dind:1" });
      expect((await createDaemon(daemon())).status).to.equal(403);
    });

    it("allows it as it is, and nothing that would be the machine's", async () => {
      await open({ DOCKER_IN_DOCKER: "privileged", DOCKER_IN_DOCKER_IMAGE: "dind:1" });
      expect((await createDaemon(daemon())).status).to.equal(200);
      for (const [host, more] of [
        [{ Binds: ["/:/host"] }, {}],
        [{ PidMode: "host" }, {}],
        [{ NetworkMode: "host" }, {}],
        [{}, { Image: "peerbot/worker:1" }],
        [{}, { Cmd: ["nsenter", "--target", "1"] }],
        [{}, { Entrypoint: ["sh", "-c", "mount /dev/sda1 /mnt"] }],
        [{}, { Env: ["DOCKER_TLS_CERTDIR=", "LD_PRELOAD=/x"] }],
        [{}, { NetworkingConfig: { EndpointsConfig: { ["e".repeat(64)]: { Aliases: ["docker"] } } } }],
        [{}, { NetworkingConfig: { EndpointsConfig: {} } }],
      ] as const) {
        expect((await createDaemon(daemon(host, more))).status, JSON.stringify([host, more])).to.equal(403);
      }
      expect((await create(worker({ Privileged: true }))).status).to.equal(403);
    });

    const options = (changes: Record<string, unknown>) => ({ ...mount({}).VolumeOptions, ...changes });
    for (const [what, mounts] of [
      ["none of the worker's", [data()]],
      ["the worker's in the place of its own", [mount({}), data()]],
      ["the worker's twice", [data(), mount({}), mount({})]],
      ["another run's", [data(), mount({ Source: "run-2" })]],
      ["another run's that is said to be its own", [data(), mount({ Source: "run-2", VolumeOptions: options({}) })]],
      [
        "another run's that is said to be that one's",
        [data(), mount({ Source: "run-2", VolumeOptions: options({ Labels: { ...OURS, "claude.ai/run": "run-2" } }) })],
      ],
      ["another daemon's data", [data({ Source: "run-2-docker" }), mount({})]],
      ["its own data where the work is", [data(), mount({ Source: "run-1-docker" })]],
      ["somebody's", [data(), mount({ Source: "redis-data" })]],
      ["one without a name", [data(), mount({ Source: "" })]],
      ["a folder of the machine", [data(), mount({ Type: "bind", Source: "/" })]],
      [
        "a folder of the machine by the volume's name",
        [data(), mount({ Source: "/var/lib/docker/volumes/run-1/_data" })],
      ],
      ["a folder of the machine as a volume", [data(), mount({}, { type: "none", o: "bind", device: "/" })]],
      ["the worker's somewhere else", [data(), mount({ Target: "/etc" })]],
      ["the worker's below the place", [data(), mount({ Target: "/workspace/.." })]],
      ["the worker's shared with the machine", [data(), mount({ BindOptions: { Propagation: "shared" } })]],
      ["a part of the worker's by a path", [data(), mount({ VolumeOptions: options({ Subpath: "../run-2" }) })]],
      ["the worker's, filled by the image", [data(), mount({ VolumeOptions: options({ NoCopy: false }) })]],
      [
        "the worker's by another driver",
        [data(), mount({ VolumeOptions: options({ DriverConfig: { Name: "nfs" } }) })],
      ],
      [
        "the worker's for another installation",
        [data(), mount({ VolumeOptions: options({ Labels: { ...OURS, "claude.ai/instance": "x" } }) })],
      ],
    ] as const) {
      it(`refuses it with other volumes than its own and its worker's: ${what}`, async () => {
        await open({ DOCKER_IN_DOCKER: "privileged", DOCKER_IN_DOCKER_IMAGE: "dind:1" });
        expect((await createDaemon(daemon({ Mounts: mounts }))).status).to.equal(403);
        expect(asked).to.deep.equal([]);
      });
    }
  });
});

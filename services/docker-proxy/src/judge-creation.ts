import { z } from "zod";
import { Refusal, type Rules } from "./rules.ts";

/*
 * What the engine is told is what was read here, field by field: a field nobody knows, or one whose name is written in
 * other letters, refuses the whole. The engine itself would take both.
 */

const Strings = z.array(z.string());
const Log = z.strictObject({
  Type: z.literal("json-file"),
  Config: z.strictObject({ "max-size": z.string().regex(/^\d{1,3}m$/), "max-file": z.string().regex(/^\d$/) }),
});
const limits = {
  Memory: z.int().min(6 * 2 ** 20),
  MemorySwap: z.int().positive(),
  NanoCpus: z.int().positive(),
  PidsLimit: z.int().min(1).max(1_000_000),
  RestartPolicy: z.strictObject({ Name: z.literal("no") }),
  LogConfig: Log,
  // A network of the run's own, which is looked up.
  NetworkMode: z.string().regex(/^[0-9a-f]{64}$/),
  Dns: z.tuple([z.literal("127.0.0.1")]).optional(),
};

/** A volume of the run's own; options of the local driver could make any folder of the machine out of it. */
function volumeAt(target: string, options: z.ZodType, NoCopy: boolean) {
  return z.strictObject({
    Type: z.literal("volume"),
    Source: z.string(),
    Target: z.literal(target),
    VolumeOptions: z.strictObject({
      NoCopy: z.literal(NoCopy),
      Labels: z.record(z.string(), z.string()),
      DriverConfig: z.strictObject({ Name: z.literal("local"), Options: options }),
    }),
  });
}

/** Where the worker works: its own volume, which the daemon beside it shares at the same place. */
const workspace = volumeAt(
  "/workspace",
  z.strictObject({
    size: z
      .string()
      .regex(/^\d{1,4}g$/)
      .optional(),
  }),
  true,
);
const daemonsData = (folder: string) => volumeAt(folder, z.strictObject({}), false);

const Worker = z.strictObject({
  name: z.string(),
  Image: z.string(),
  Labels: z.record(z.string(), z.string()),
  User: z.literal("1000:1000"),
  Entrypoint: Strings,
  Cmd: Strings,
  Env: Strings,
  Hostname: z.literal("worker"),
  StopSignal: z.literal("SIGTERM"),
  StopTimeout: z.int().min(0).max(600),
  HostConfig: z.strictObject({
    ...limits,
    ReadonlyRootfs: z.literal(true),
    CapDrop: z.tuple([z.literal("ALL")]),
    SecurityOpt: z.tuple([z.literal("no-new-privileges")]),
    Privileged: z.literal(false),
    Init: z.literal(true),
    Mounts: z.tuple([workspace]),
    Tmpfs: z.strictObject({ "/tmp": z.string().regex(/^rw,nosuid,nodev,exec,size=\d{1,5}m,mode=1777$/) }),
  }),
});

const daemon = {
  name: z.string(),
  Image: z.string(),
  Labels: z.record(z.string(), z.string()),
  Env: z.tuple([z.literal("DOCKER_TLS_CERTDIR=")]),
  Cmd: z.tuple([z.literal("--tls=false")]),
  Hostname: z.literal("docker"),
  NetworkingConfig: z.strictObject({
    EndpointsConfig: z.record(
      z.string().regex(/^[0-9a-f]{64}$/),
      z.strictObject({ Aliases: z.tuple([z.literal("docker")]) }),
    ),
  }),
};

const device = (path: string) =>
  z.strictObject({
    PathOnHost: z.literal(path),
    PathInContainer: z.literal(path),
    CgroupPermissions: z.literal("rwm"),
  });

const DAEMONS = {
  privileged: z.strictObject({
    ...daemon,
    HostConfig: z.strictObject({
      ...limits,
      Privileged: z.literal(true),
      Mounts: z.tuple([daemonsData("/var/lib/docker"), workspace]),
    }),
  }),
  rootless: z.strictObject({
    ...daemon,
    HostConfig: z.strictObject({
      ...limits,
      Privileged: z.literal(false),
      SecurityOpt: z.tuple([
        z.literal("seccomp=unconfined"),
        z.literal("apparmor=unconfined"),
        z.literal("systempaths=unconfined"),
      ]),
      Devices: z.tuple([device("/dev/net/tun"), device("/dev/fuse")]),
      Mounts: z.tuple([daemonsData("/home/rootless/.local/share/docker"), workspace]),
    }),
  }),
};

const Network = z.strictObject({
  Name: z.string(),
  CheckDuplicate: z.literal(true),
  Driver: z.literal("bridge"),
  Internal: z.boolean(),
  EnableIPv6: z.literal(false),
  IPAM: z.strictObject({
    Driver: z.literal("default"),
    Config: z.tuple([z.strictObject({ Subnet: z.string().regex(/^[\d.]+\/28$/), Gateway: z.string() })]),
  }),
  Options: z.strictObject({ "com.docker.network.bridge.inhibit_ipv4": z.literal("true").optional() }),
  Labels: z.record(z.string(), z.string()),
});

/** Reads the description of a container that a launcher wants. @throws Refusal when it is not one of the two it makes. */
export function judgeContainer(
  body: unknown,
  name: string,
  rules: Rules,
): { body: unknown; network: string; run: string; volumes: readonly string[] } {
  const role = z.looseObject({ Labels: z.looseObject({ "claude.ai/role": z.string() }) }).safeParse(body).data?.Labels[
    "claude.ai/role"
  ];
  const { mode, image } = rules.dockerInDocker;
  const isDaemon = role === "docker";
  if (isDaemon && mode === "off") throw new Refusal("DOCKER_IN_DOCKER is off");
  const schema = isDaemon && mode !== "off" ? DAEMONS[mode] : Worker;
  const made = read<z.infer<typeof Worker> | z.infer<(typeof DAEMONS)["privileged"]>>(schema, body);
  const run = runIn(made.Labels, rules);
  const own = isDaemon ? daemonOf(run) : run;
  require(made.Image === (isDaemon ? image : rules.workerImage), "its image is not the one of this installation");
  require(made.Labels["claude.ai/role"] === (isDaemon ? "docker" : "worker"), "its role is neither worker nor docker");
  require(name === own && made.name === own, "its name is not its run's");
  const { HostConfig: host } = made;
  require(host.MemorySwap === host.Memory, "it may swap");
  // The engine joins whatever network stands here, too.
  const joined = "NetworkingConfig" in made ? Object.keys(made.NetworkingConfig.EndpointsConfig) : [host.NetworkMode];
  require(joined.length === 1 && joined[0] === host.NetworkMode, "it would join another network");
  const volumes = host.Mounts.map(({ Source, Target }) => {
    require(Source === (Target === "/workspace" ? run : own), "its volume is not its run's");
    return Source;
  });
  for (const { VolumeOptions } of host.Mounts) {
    require(runIn(VolumeOptions.Labels, rules) === run, "its volume is not its run's");
  }
  return { body: made, network: host.NetworkMode, run, volumes };
}

const DAEMON_SUFFIX = "-docker";

/** Name of a run's Docker daemon, and of the volume with its data. */
function daemonOf(run: string): string {
  return `${run}${DAEMON_SUFFIX}`;
}

/** Reads the description of a run's network. @throws Refusal when it is none. */
export function judgeNetwork(body: unknown, rules: Rules): unknown {
  const made = read<z.infer<typeof Network>>(Network, body);
  require(runIn(made.Labels, rules) === made.Name, "its name is not its run's");
  require(made.Internal || rules.hasInternet, "it would lead out");
  const isHostOut = made.Options["com.docker.network.bridge.inhibit_ipv4"] === "true";
  require(isHostOut || rules.hasInternet, "it would lead to the engine's machine");
  return made;
}

/** The run in the labels of something of this installation's. */
function runIn(labels: Readonly<Record<string, string>>, { instance }: Rules): string {
  require(labels["claude.ai/instance"] === instance, "it is another installation's");
  const run = labels["claude.ai/run"] ?? "";
  require(/^[a-z0-9][a-z0-9-]{0,120}$/.test(run), "it belongs to no run");
  // What is named after such a run would be what belongs to another run's daemon.
  require(!run.endsWith(DAEMON_SUFFIX), "it belongs to no run");
  return run;
}

function read<T>(schema: z.ZodType, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data as T;
  const [issue] = result.error.issues;
  throw new Refusal(`the request is not as a launcher makes it: ${issue?.path.join(".")}: ${issue?.message}`);
}

function require(isAllowed: boolean, otherwise: string): asserts isAllowed {
  if (!isAllowed) throw new Refusal(otherwise);
}

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm, statfs } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import Docker, { type Network } from "dockerode";

/** A Docker engine these tests may use: its address, as DOCKER_HOST has it. */
export type EngineUnderTest = { address: string } | { missing: string };

let found: Promise<EngineUnderTest> | undefined;

/** The machine's engine, else a private one that ends with this process, else why there is none. */
export function engineUnderTest(): Promise<EngineUnderTest> {
  found ??= findEngine();
  return found;
}

/** A client of any engine's whole API. */
export function dockerAt(address: string): Docker {
  const url = new URL(address);
  if (url.protocol === "unix:") return new Docker({ socketPath: url.pathname, host: undefined, port: undefined });
  return new Docker({ protocol: "http", host: url.hostname, port: url.port, socketPath: undefined });
}

async function findEngine(): Promise<EngineUnderTest> {
  const address = process.env.DOCKER_HOST || "unix:///var/run/docker.sock";
  if (/^(unix|tcp):/.test(address) && (await answers(address))) return usable(address);
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return { missing: `no Docker engine answers at ${address}, and only root on Linux can start one` };
  }
  if (!(await isOnPath("dockerd")))
    return { missing: `no Docker engine answers at ${address}; dockerd is not installed` };
  try {
    return await usable(await startPrivateEngine());
  } catch (error) {
    return { missing: `no Docker engine answers at ${address}, and none could be started: ${messageOf(error)}` };
  }
}

/** An engine whose networks are this machine's: workers in them have to find what a test listens on. */
async function usable(address: string): Promise<EngineUnderTest> {
  try {
    const network = await dockerAt(address).createNetwork({ Name: `peerbot-probe-${randomBytes(5).toString("hex")}` });
    try {
      await addressOn(network);
    } finally {
      await network.remove();
    }
    return { address };
  } catch (error) {
    return { missing: `the Docker engine at ${address} is of no use here: ${messageOf(error)}` };
  }
}

/** This machine's address in a network of the engine. @throws when the engine is another machine's. */
export async function addressOn(network: Network): Promise<string> {
  const { IPAM } = await network.inspect();
  const address = IPAM?.Config?.[0]?.Gateway ?? "";
  const probe = createServer().listen(0, address);
  await once(probe, "listening").catch((cause: unknown) => {
    throw new Error(`its networks (${address}) are not of this machine`, { cause });
  });
  probe.close();
  return address;
}

async function answers(address: string): Promise<boolean> {
  return dockerAt(address)
    .ping()
    .then(
      () => true,
      () => false,
    );
}

/*
 * The shell between us and the engine holds the reading end of a pipe. When this process goes, be it by SIGKILL, the pipe
 * closes, the engine is told to stop, and what it leaves is cleared away.
 */
const SUPERVISOR = `
folder=$1; shift
exec 3<&0
"$@" 3<&- & engine=$!
(cat <&3 > /dev/null; kill -TERM $engine) &
wait $engine
grep -o " $folder/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l
rm -rf "$folder"
`;

/** An engine with nothing of the machine's: its own data, sockets and, as far as there can be, networks. */
async function startPrivateEngine(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "peerbot-docker-"));
  const address = `unix://${folder}/docker.sock`;
  // Beside it: the folder is gone as soon as the engine is.
  const log = `${folder}.log`;
  const dockerd = ["dockerd", "--host", address, "--bridge", "none", "--storage-driver", await storageDriver(folder)];
  const places = ["--data-root", "data", "--exec-root", "exec", "--pidfile", "pid"];
  for (const [index, place] of places.entries()) dockerd.push(index % 2 === 0 ? place : join(folder, place));
  const child = spawn("/bin/sh", ["-c", `{ ${SUPERVISOR} } > "$1.log" 2>&1`, "supervise", folder, ...dockerd], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("dockerd ended at once")));
  const answering = until(() => answers(address), { what: "dockerd to answer", timeoutMs: 30_000, everyMs: 100 });
  try {
    await Promise.race([answering, ended]);
  } catch (error) {
    child.stdin?.end();
    const lastWords = (await readFile(log, "utf8")).trimEnd().split("\n").slice(-2).join("; ").slice(-400);
    throw new Error(`${messageOf(error)}; it said: ${lastWords}`, { cause: error });
  } finally {
    await rm(log, { force: true });
    for (const promise of [answering, ended]) promise.catch(() => {}); // whichever lost
    child.unref();
    (child.stdin as Socket | null)?.unref();
  }
  return address;
}

/** Where the folder itself lies in an overlay, as in a container, another one on top is refused. */
async function storageDriver(folder: string): Promise<string> {
  const OVERLAY = 0x794c7630;
  return (await statfs(folder)).type === OVERLAY ? "vfs" : "overlay2";
}

async function isOnPath(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const looks = folders.map((folder) =>
    access(join(folder, program)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(looks)).includes(true);
}

import { spawn } from "node:child_process";
import { access, mkdtemp, statfs } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "@peerbot/testing";
import Docker from "dockerode";

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
  if (/^(unix|tcp):/.test(address) && (await answers(address))) return { address };
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return { missing: `no Docker engine answers at ${address}, and only root on Linux can start one` };
  }
  if (!(await isOnPath("dockerd")))
    return { missing: `no Docker engine answers at ${address}; dockerd is not installed` };
  return { address: await startPrivateEngine() };
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
  const dockerd = ["dockerd", "--host", address, "--bridge", "none", "--storage-driver", await storageDriver(folder)];
  const places = ["--data-root", "data", "--exec-root", "exec", "--pidfile", "pid"];
  for (const [index, place] of places.entries()) dockerd.push(index % 2 === 0 ? place : join(folder, place));
  const child = spawn("/bin/sh", ["-c", `{ ${SUPERVISOR} } > "$1/log" 2>&1`, "supervise", folder, ...dockerd], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  await until(() => answers(address), { what: `a Docker engine, see ${folder}/log,`, timeoutMs: 30_000, everyMs: 100 });
  child.unref();
  (child.stdin as Socket | null)?.unref();
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

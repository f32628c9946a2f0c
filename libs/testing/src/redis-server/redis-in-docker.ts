import { createHash } from "node:crypto";
import { userInfo } from "node:os";
import { execa } from "execa";
import { findOnPath } from "./find-redis.ts";
import { type RedisProgram, storageArguments } from "./redis-program.ts";

const IMAGE = "redis:7-alpine";
const PULL_TIMEOUT_MS = 300_000;

export interface DockerOptions {
  dataDir: string;
  /** Where docker is found. */
  path: string;
  report: (message: string) => void;
}

/**
 * A Redis in a container, with its data in the given folder and its port on 127.0.0.1 alone.
 * @throws when there is no docker, no running engine, or no way to the image.
 */
export async function findRedisInDocker({ dataDir, path, report }: DockerOptions): Promise<RedisProgram> {
  const docker = await findOnPath(["docker"], path);
  if (docker === undefined) throw new Error("there is no docker on the PATH");
  const run = (parameters: string[], timeout = 15_000) => execa(docker, parameters, { timeout, stdin: "ignore" });
  await run(["version", "--format", "{{.Server.Version}}"]);
  const hasImage = await run(["image", "inspect", IMAGE]).then(
    () => true,
    () => false,
  );
  if (!hasImage) {
    report(`There is no Redis on this machine: fetching ${IMAGE} for Docker.`);
    await run(["pull", IMAGE], PULL_TIMEOUT_MS);
  }
  const name = containerName(dataDir);
  // Left behind when the docker client was killed; two servers must not write one append-only file.
  await run(["rm", "--force", name]);
  return { path: docker, environment: dockerEnvironment(), argumentsFor: (place) => containerArguments(name, place) };
}

function containerArguments(name: string, { dataDir, port, isDurable }: Parameters<RedisProgram["argumentsFor"]>[0]) {
  const { uid, gid } = userInfo();
  return [
    ...["run", "--rm", "--name", name, "--publish", `127.0.0.1:${port}:6379`],
    // As ourselves, so that the data folder stays ours to delete.
    ...["--user", `${uid}:${gid}`, "--volume", `${dataDir}:/data`],
    ...[IMAGE, "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data"],
    ...storageArguments(isDurable),
  ];
}

/** The same folder gives the same name, so that a later start finds what an earlier one left. */
function containerName(dataDir: string): string {
  return `peerbot-redis-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`;
}

/** Which engine to talk to is told by variables and by files in the home folder. */
function dockerEnvironment(): Record<string, string> {
  const names = ["HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

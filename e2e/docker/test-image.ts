import { createHash } from "node:crypto";
import { access } from "node:fs/promises";
import type Docker from "dockerode";
import { execa } from "execa";

/** What a worker's image needs at least, taken from this machine: no registry is asked. */
const PROGRAMS = ["date", "rm", "cat", "mkdir", "sleep", "ls", "id"];
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const FOLDER = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** An image with this very Node and a few programs, made once per engine. `more` are further programs. */
export async function baseImage(docker: Docker, { more = [] }: { more?: readonly string[] } = {}): Promise<string> {
  const programs = ["/bin/sh", ...(await Promise.all([...PROGRAMS, ...more].map(find)))];
  const name = `peerbot-test-base:${digest([process.version, ...programs])}`;
  if (await isThere(docker, name)) return name;
  const files = [...programs, ...(await librariesOf([process.execPath, ...programs]))];
  if (await exists(CERTIFICATES)) files.push(CERTIFICATES);
  const tar = execa({ buffer: false, encoding: "buffer" })("tar", [
    ...["--create", "--dereference", "--directory=/"],
    `--transform=s,^${process.execPath.slice(1)}$,usr/local/bin/node,`,
    ...[...new Set([process.execPath, ...files])].map((file) => file.slice(1)),
  ]);
  const [repo, tag] = name.split(":");
  const progress = await docker.importImage(tar.stdout, { repo, tag, changes: `ENV PATH=${FOLDER.join(":")}` });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(progress, (error, result) => (error ? reject(error) : resolve(result))),
  );
  await tar;
  return name;
}

/** An image whose worker is a JavaScript program. */
export async function imageOf(docker: Docker, script: string): Promise<string> {
  const base = await baseImage(docker);
  return imageRunning(docker, base, ["node", "-e", script]);
}

/** An image that runs this and nothing else of its own. */
export async function imageRunning(docker: Docker, base: string, command: readonly string[]): Promise<string> {
  const name = `peerbot-test-worker:${digest([base, ...command])}`;
  if (await isThere(docker, name)) return name;
  const [repo, tag] = name.split(":");
  const container = await docker.createContainer({ Image: base, Cmd: ["true"] });
  await container.commit({ repo, tag, changes: `CMD ${JSON.stringify(command)}` });
  await container.remove();
  return name;
}

async function find(program: string): Promise<string> {
  for (const folder of FOLDER) if (await exists(`${folder}/${program}`)) return `${folder}/${program}`;
  throw new Error(`this machine has no ${program}`);
}

/** Libraries and loaders, by the paths under which programs look for them. */
async function librariesOf(programs: readonly string[]): Promise<string[]> {
  const lists = programs.map(async (program) => (await execa({ reject: false })`ldd ${program}`).stdout);
  const paths = (await Promise.all(lists)).flatMap((list) => list.match(/\/[^\s:()]+(?= \(0x)/g) ?? []);
  return [...new Set(paths)];
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

async function isThere(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { isExecutable } from "./find-redis.ts";
import { packagesToInstall, withoutRedis } from "./packages-to-install.ts";
import { installedProgram, type RedisProgram } from "./redis-program.ts";

export interface UnpackOptions {
  directory: string;
  /** Where apt-get and dpkg-deb are found. */
  path: string;
  report: (message: string) => void;
}

const PACKAGES = ["redis-server", "valkey-server"];
const PROGRAM_TIMEOUT_MS = 120_000;

/**
 * Unpacks Debian's or Ubuntu's Redis into a folder, without root and without installing anything. What an earlier call
 * unpacked is used again.
 * @throws when there is no apt-get, no network, or the unpacked program does not run.
 */
export async function unpackRedis({ directory, path, report }: UnpackOptions): Promise<RedisProgram> {
  const target = join(directory, "unpacked");
  const earlier = await programIn(target);
  if (earlier !== undefined) return earlier;

  report("There is no Redis on this machine: unpacking one from the distribution's packages.");
  await mkdir(directory, { recursive: true });
  const workplace = await mkdtemp(join(directory, "unpacking-"));
  try {
    const run = runIn(workplace, path);
    await downloadPackages(workplace, run);
    await unpackPackages(workplace, run);
    await moveIntoPlace(join(workplace, "root"), target);
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
  const program = await programIn(target);
  if (program === undefined) throw new Error(`the Redis unpacked to ${target} does not run`);
  return program;
}

/** With the package lists the machine has, or else with lists fetched into the workplace. */
async function downloadPackages(workplace: string, run: Run): Promise<void> {
  const ownStatus = await makeOwnStatus(workplace);
  try {
    await downloadWith(ownStatus, run);
  } catch {
    const ownState = [...ownStatus, ...(await makeOwnLists(workplace))];
    await run("apt-get", [...ownState, "update"]);
    await downloadWith(ownState, run);
  }
}

/** A Redis that is installed and yet not on the PATH is of no use: apt must not count it as being there. */
async function makeOwnStatus(workplace: string): Promise<string[]> {
  const status = join(workplace, "status");
  await writeFile(status, withoutRedis(await readFile("/var/lib/dpkg/status", "utf8")));
  return ["--option", `Dir::State::status=${status}`];
}

async function downloadWith(options: readonly string[], run: Run): Promise<void> {
  const missing = await findMissingPackages(options, run);
  await run("apt-get", [...options, "download", ...missing]);
}

/** The server and those of its libraries that this machine lacks, as apt would install them. */
async function findMissingPackages(options: readonly string[], run: Run): Promise<string[]> {
  const failures: unknown[] = [];
  for (const name of PACKAGES) {
    try {
      const simulation = ["install", "--simulate", "--no-install-recommends", "--option", "Debug::NoLocking=1", name];
      return packagesToInstall(await run("apt-get", [...options, ...simulation]));
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `apt-get offers neither ${PACKAGES.join(" nor ")}`);
}

async function makeOwnLists(workplace: string): Promise<string[]> {
  const lists = join(workplace, "lists");
  const cache = join(workplace, "cache");
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(cache, "archives/partial"), { recursive: true });
  return ["--option", `Dir::State::lists=${lists}`, "--option", `Dir::Cache=${cache}`];
}

type Run = (program: string, parameters: readonly string[]) => Promise<string>;

/** Runs programs in a folder and gives back what they print. */
function runIn(cwd: string, path: string): Run {
  return async (program, parameters) => {
    const env = { PATH: path, LC_ALL: "C" };
    const { stdout } = await execa(program, parameters, { cwd, env, stdin: "ignore", timeout: PROGRAM_TIMEOUT_MS });
    return stdout;
  };
}

async function unpackPackages(workplace: string, run: Run): Promise<void> {
  const archives = (await readdir(workplace)).filter((name) => name.endsWith(".deb"));
  for (const archive of archives) {
    await run("dpkg-deb", ["--extract", join(workplace, archive), join(workplace, "root")]);
  }
}

async function moveIntoPlace(root: string, target: string): Promise<void> {
  try {
    await rename(root, target);
  } catch (error) {
    // Another process was faster, or an earlier one left something that does not run.
    if ((await programIn(target)) !== undefined) return;
    await rm(target, { recursive: true, force: true });
    await rename(root, target).catch(() => {
      throw error;
    });
  }
}

/** The server unpacked in a folder, if it is there and really runs. */
async function programIn(root: string): Promise<RedisProgram | undefined> {
  const environment = { LD_LIBRARY_PATH: (await libraryFolders(root)).join(":") };
  for (const name of PACKAGES) {
    const path = join(root, "usr/bin", name);
    if (!(await isExecutable(path))) continue;
    const { failed } = await execa(path, ["--version"], { env: environment, reject: false });
    if (!failed) return installedProgram(path, environment);
  }
  return undefined;
}

/** `usr/lib` and the folders of the machine's architecture in it, such as `usr/lib/x86_64-linux-gnu`. */
async function libraryFolders(root: string): Promise<string[]> {
  const base = join(root, "usr/lib");
  const names = await readdir(base).catch(() => []);
  return [...names.filter((name) => name.includes("-linux-")).map((name) => join(base, name)), base];
}
